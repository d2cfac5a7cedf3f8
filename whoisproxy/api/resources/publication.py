"""What the public sees of a domain: its history, and a look now."""

from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.models.publication import PlaceView, PublicationLinks, PublicationView, SightingView
from whoisproxy.api.resources.domains import domain_link
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.publication_watch import Place, Sighting
from whoisproxy.services.publications import Publication

_PATH = "/v1/domains/{name}/publication"


def publication_view(found: Publication) -> PublicationView:
    """Return what the public sees of a domain as its registrar is shown it."""
    domain = domain_link(found.name)
    places = [_place_view(found, place) for place in Place]
    return PublicationView(
        domain=found.name.a_label,
        verdict=found.verdict,
        places=[each for each in places if each.watched or each.servers],
        links=PublicationLinks(self=f"{domain}/publication", domain=domain, privacy=f"{domain}/privacy"),
    )


def _place_view(found: Publication, place: Place) -> PlaceView:
    watch = next((each for each in found.watches if each.place is place), None)
    return PlaceView(
        place=place,
        watched=watch is not None,
        verdict=watch.verdict if watch else None,
        since=watch.since if watch else None,
        looked_at=watch.looked_at if watch else None,
        last_clean_at=watch.clean_at if watch else None,
        next_look_at=watch.due_at if watch else None,
        repairs=watch.repairs if watch else 0,
        servers=[_sighting_view(each) for each in found.sightings if each.place is place],
    )


def _sighting_view(sighting: Sighting) -> SightingView:
    return SightingView(
        source="rdap" if sighting.source == "rdap" else "whois",
        server=sighting.server,
        referred=sighting.referred,
        verdict=sighting.finding.verdict,
        fields=list(sighting.finding.fields),
        doubt=sighting.finding.doubt,
        since=sighting.since,
        looks=sighting.looks,
        first_seen_at=sighting.first_seen_at,
        seen_at=sighting.seen_at,
        last_clean_at=sighting.clean_at,
    )


async def get_publication(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with what was seen."""
    name = DomainName.parse(call.path["name"])
    return Answer(200, publication_view(await call.deps.publications.get(call.registrar, name)))


async def check_publication(call: Call[NoQuery, Nothing]) -> Answer:
    """Ask for a look now."""
    name = DomainName.parse(call.path["name"])
    return Answer(202, publication_view(await call.deps.publications.ask_for_look(call.registrar, name)))


ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.PRIVACY,
        scope=Scope.DOMAINS_READ,
        summary="Read what the public sees of a domain",
        description=(
            "Hidden domains are looked at with a stranger's eyes, in RDAP and in WHOIS: soon after each "
            "change, then now and then. No data is never clean."
        ),
        handler=get_publication,
        replies={200: Reply("As it was last seen", PublicationView)},
    ),
    Route(
        method="POST",
        path=f"{_PATH}/checks",
        tag=Tag.PRIVACY,
        scope=Scope.PRIVACY_WRITE,
        summary="Look at what the public sees now",
        description=(
            "The look begins as soon as the pace of the directories allows; `looked_at` of each place tells "
            "when it has ended. Events tell of a leak and of its end."
        ),
        handler=check_publication,
        replies={202: Reply("The look is due", PublicationView)},
        problems=("DOMAIN_LOCKED",),
    ),
)
