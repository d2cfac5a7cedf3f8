"""The page of one domain: how it stands and why, what the public sees, where its mail goes."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from registries.policy import Mechanism
from whoisproxy.domain.operation import OperationState
from whoisproxy.domain.publication_watch import Place, Sighting, Watch
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, name_in
from whoisproxy.portal.domains import words
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.services.effective_policy import NO_CONTACTS
from whoisproxy.services.owners.domains import OwnedDomain

# Words that templates look up by what they show.
_WORDS: dict[str, Any] = {
    "glances": words.GLANCES,
    "words": words.TURNS,
    "confidences": words.CONFIDENCES,
    "places": words.PLACES,
    "verdicts": words.VERDICTS,
    "doubts": words.DOUBTS,
    "fields": words.FIELDS,
    "operations": words.OPERATIONS,
    "ends": words.ENDS,
}


@dataclass(frozen=True, slots=True)
class Directory:
    """A place where the public looks, with how it is watched and what its servers showed."""

    place: Place
    watch: Watch
    sightings: tuple[Sighting, ...]


class DomainPage:
    """Shows a domain; what is changed is changed on other pages."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._domains = deps.owner_domains
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show it."""
        found = await self._domains.get(owner.account, name_in(request))
        if found is None:
            raise NoSuchLink
        operation = found.operation
        return self._pages.page(
            "domains/domain",
            request[VIEW],
            domain="",
            csrf=owner.csrf,
            found=found,
            name=found.registration.name,
            how=_how(found),
            quoted="" if found.because == NO_CONTACTS else found.policy.explanation,
            sources=_sources(found.policy.source),
            holder_change=_holder_change(found),
            trouble=words.trouble(found.reason),
            waits_for=words.trouble(operation.problem_code) if operation else "",
            is_running=operation is not None and operation.state is OperationState.PENDING,
            directories=_directories(found),
            **_WORDS,
        )


def _how(found: OwnedDomain) -> str:
    """Return how privacy is reached, or why it is not."""
    reason = found.policy.reason
    return words.REASONS[reason] if reason else words.MECHANISMS[found.policy.mechanism]


def _holder_change(found: OwnedDomain) -> str:
    """Return what a change of holder is for the registry, "" where it sees none."""
    sees = found.policy.mechanism is Mechanism.SUBSTITUTE
    return words.HOLDER_CHANGES[found.policy.holder_change.kind] if sees else ""


def _sources(source: str) -> list[str]:
    return [part for each in source.split(";") if (part := each.strip())]


def _directories(found: OwnedDomain) -> list[Directory]:
    return [
        Directory(watch.place, watch, tuple([one for one in found.sightings if one.place is watch.place]))
        for watch in found.watches
    ]
