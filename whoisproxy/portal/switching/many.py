"""The page on which many domains are switched at once; those of which the same is seen are shown together."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from registries.policy import HolderChange, Mechanism, TldPolicy
from whoisproxy.i18n import known
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.entry.signed_in import SIGN_IN, SignedIn
from whoisproxy.portal.entry.visiting import field_of
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.switching import words
from whoisproxy.portal.switching.choosing import SIDES, for_people, names_in
from whoisproxy.portal.switching.comparing import Block, at_registry, of_several, published
from whoisproxy.portal.switching.one import refused, text_for
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.switch_previews import Obstacle, SwitchPreview
from whoisproxy.services.owners.switching import MOST_AT_ONCE, Outcome

_Look = tuple[tuple[Block, ...], tuple[Block, ...], Mechanism, HolderChange]


@dataclass(frozen=True, slots=True)
class Named:
    """A domain as it is written, and as it stands in paths."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Group:
    """Domains of which the world sees the same, before and after, at the same cost."""

    domains: tuple[Named, ...]
    blocks: tuple[Block, ...]
    registry: tuple[Block, ...]
    policy: TldPolicy


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one domain.

    Attributes:
        source: Where the rule of the registry is documented, where it is the reason; else "".
        operation: Id of what works on it; "" where nothing does.
    """

    domain: Named
    said: Said
    facts: dict[str, str]
    source: str = ""
    operation: str = ""


class ManyPrivacyPage:
    """Shows what a switch would change of several domains; switches them, and says what became of each."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._switching = deps.owner_switching
        self._relay_domain = deps.relay_domain
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show the switch of the domains that `?d=` names, on, or to the side that `?to=` names."""
        enabled = SIDES.get(request.query.get("to", ""), True)
        return await self._page(request, owner, request.query.getall("d", []), enabled=enabled)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Switch, where the text that was agreed to is the present one."""
        form = await form_of(request)
        enabled, chosen = SIDES.get(field_of(form, "to")), form.get("d", [])
        names = names_in(chosen)[:MOST_AT_ONCE]
        if enabled is None or not names:
            raise NoSuchLink
        if field_of(form, "text") != text_for(enabled=enabled).version:
            return await self._page(request, owner, chosen, enabled=enabled, note=words.TEXT_CHANGED)
        language = known(field_of(form, "language")) or owner.language
        outcomes = await self._switching.switch(owner.found, names, enabled=enabled, language=language)
        if outcomes is None:
            return self._pages.redirect(SIGN_IN)
        if not any(outcome.registration for outcome in outcomes):
            raise NoSuchLink
        return self._pages.page(
            "switching/switched",
            request[VIEW],
            domain="",
            csrf=owner.csrf,
            enabled=enabled,
            begun=[_begun(one) for one in outcomes if one.registration and one.obstacle is None],
            others=[_told(one, enabled=enabled) for one in outcomes if not one.registration or one.obstacle],
        )

    async def _page(
        self,
        request: web.Request,
        owner: SignedIn,
        chosen: Iterable[str],
        *,
        enabled: bool,
        note: Said | None = None,
    ) -> web.Response:
        names = names_in(chosen)
        looked_at = names[:MOST_AT_ONCE]
        previews = await self._switching.previews(owner.found, looked_at, enabled=enabled)
        if names and not previews:
            raise NoSuchLink
        his = {preview.registration.name for preview in previews}
        not_there = [
            Told(Named(for_people(name), ""), words.NOT_THERE, {}) for name in looked_at if name not in his
        ]
        return self._pages.page(
            "switching/many",
            request[VIEW],
            409 if note else 200,
            domain="",
            csrf=owner.csrf,
            note=note,
            enabled=enabled,
            chosen=[name.a_label for name in looked_at],
            left_out=len(names) - len(looked_at),
            most=MOST_AT_ONCE,
            groups=self._groups(preview for preview in previews if preview.obstacle is None),
            refused=[*(_refused(one) for one in previews if one.obstacle is not None), *not_there],
            words=words,
            text=text_for(enabled=enabled),
        )

    def _groups(self, previews: Iterable[SwitchPreview]) -> list[Group]:
        alike: dict[_Look, list[SwitchPreview]] = {}
        for one in previews:
            blocks = of_several(published(one), self._relay_domain)
            registry = of_several(at_registry(one), self._relay_domain)
            look = (blocks, registry, one.policy.mechanism, one.policy.holder_change)
            alike.setdefault(look, []).append(one)
        return [self._group(look, members) for look, members in alike.items()]

    def _group(self, look: _Look, members: list[SwitchPreview]) -> Group:
        first, domains = members[0], tuple(map(_named, members))
        # One domain's addresses can be named; several ones' cannot, in one table.
        blocks, registry = (published(first), at_registry(first)) if len(members) == 1 else look[:2]
        return Group(domains, blocks, registry, first.policy)


def _named(of: SwitchPreview) -> Named:
    name = of.registration.name
    return Named(for_people(name), name.a_label)


def _refused(preview: SwitchPreview) -> Told:
    told = refused(preview)
    said, facts = told if told is not None else (words.NOT_THERE, {})
    source = preview.policy.source if preview.obstacle is Obstacle.NOT_ALLOWED else ""
    return Told(_named(preview), said, facts, source, preview.operation.id if preview.operation else "")


def _begun(outcome: Outcome) -> Told:
    operation = outcome.operation.id if outcome.operation else ""
    return Told(Named(for_people(outcome.name), outcome.name.a_label), words.BEGUN, {}, operation=operation)


def _told(outcome: Outcome, *, enabled: bool) -> Told:
    named = Named(for_people(outcome.name), outcome.name.a_label if outcome.registration else "")
    if outcome.policy is None or outcome.obstacle is None:
        return Told(named, words.NOT_THERE, {})
    operation = outcome.operation.id if outcome.operation else ""
    said, facts = words.refusal(
        outcome.obstacle, outcome.policy, outcome.lock, enabled=enabled, under_way=bool(operation)
    )
    source = outcome.policy.source if outcome.obstacle is Obstacle.NOT_ALLOWED else ""
    return Told(named, said, facts, source, operation)
