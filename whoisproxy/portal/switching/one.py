"""The page on which one domain is switched: what the world sees now and then, what it costs, consent."""

from aiohttp import web

from whoisproxy.domain.privacy import ConsentTo
from whoisproxy.i18n import known
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of, name_in
from whoisproxy.portal.entry.signed_in import SIGN_IN, SignedIn
from whoisproxy.portal.entry.visiting import field_of
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.switching import words
from whoisproxy.portal.switching.choosing import SIDES, for_people
from whoisproxy.portal.switching.comparing import at_registry, published
from whoisproxy.portal.view import VIEW
from whoisproxy.publication.whois import domain_text
from whoisproxy.services.owners.consent_texts import CURRENT, TEXTS, ConsentText
from whoisproxy.services.owners.switch_previews import Obstacle, SwitchPreview


class DomainPrivacyPage:
    """Shows what a switch would change; switches."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._switching = deps.owner_switching
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show the switch to the other side of what is wanted, or to that which `?to=` names."""
        return await self._page(request, owner, SIDES.get(request.query.get("to", "")))

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Switch, where the text that was agreed to is the present one."""
        form, name = await form_of(request), name_in(request)
        enabled = SIDES.get(field_of(form, "to"))
        if enabled is None:
            raise NoSuchLink
        if field_of(form, "text") != text_for(enabled=enabled).version:
            return await self._page(request, owner, enabled, 409, words.TEXT_CHANGED)
        language = known(field_of(form, "language")) or owner.language
        outcomes = await self._switching.switch(owner.found, [name], enabled=enabled, language=language)
        if outcomes is None:
            return self._pages.redirect(SIGN_IN)
        [outcome] = outcomes
        if outcome.obstacle not in {None, Obstacle.DONE}:
            return await self._page(request, owner, enabled, 409)
        if outcome.registration is None:
            raise NoSuchLink
        on = f"/operations/{outcome.operation.id}" if outcome.operation else f"/domains/{name.a_label}"
        return self._pages.redirect(on)

    async def _page(
        self,
        request: web.Request,
        owner: SignedIn,
        enabled: bool | None,  # noqa: FBT001 - None for the other side
        status: int = 200,
        note: Said | None = None,
    ) -> web.Response:
        name = name_in(request)
        found = await self._switching.previews(owner.found, [name], enabled=enabled)
        if not found:
            raise NoSuchLink
        [preview] = found
        return self._pages.page(
            "switching/one",
            request[VIEW],
            status,
            domain="",
            csrf=owner.csrf,
            note=note,
            name=for_people(name),
            path=name.a_label,
            preview=preview,
            refused=refused(preview),
            blocks=published(preview),
            registry=at_registry(preview),
            whois=[domain_text(record).decode() for record in (preview.before, preview.after)],
            words=words,
            text=text_for(enabled=preview.enabled),
            consents=await self._switching.consents(preview.registration),
            texts=TEXTS,
        )


def text_for(*, enabled: bool) -> ConsentText:
    """Return what is agreed to by a switch."""
    return CURRENT[ConsentTo.HIDE if enabled else ConsentTo.SHOW]


def refused(preview: SwitchPreview) -> tuple[Said, dict[str, str]] | None:
    """Return why a domain would not be switched, with the facts of it."""
    if preview.obstacle is None:
        return None
    under_way = preview.operation is not None
    return words.refusal(
        preview.obstacle, preview.policy, preview.lock, enabled=preview.enabled, under_way=under_way
    )
