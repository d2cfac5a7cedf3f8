"""Ask the public directories about one domain now, as a stranger would."""

from collections.abc import Sequence
from pathlib import Path

import typer

from registries.catalogue import Catalogue
from registries.contact import Contact
from registries.lookup.evidence import Evidence
from registries.lookup.public import Directory, PublicView
from registries.lookup.rdap import RdapDirectory
from registries.lookup.verdict import Expectation
from registries.lookup.whois import WhoisDirectory
from registries.public_addresses import is_public
from whoisproxy.cli.context import opened, settings_from
from whoisproxy.cli.rdds_views import View
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.publication_watch import Place
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.publication_posts import KnownPosts
from whoisproxy.services.identities import registrant_contact
from whoisproxy.services.publication_subjects import Subject, Subjects

_WHOIS_PORT = 43


async def look_at_held(config: Path | None, name: DomainName, rdap: str, whois: str) -> list[View]:
    """Look for the registrant that we hold, at our own servers and the registry's, or at those named.

    Raises:
        NotFound: The domain is not held here.
    """
    async with opened(config) as core:
        subjects = Subjects(core.catalogue, core.privacy_settings)
        subject = await _subject(core, subjects, name)
        posts = KnownPosts(core.settings, core.catalogue)
        try:
            return [
                await _view(place, view, _expectation(subjects, subject, place))
                for place, view in _views(posts, name, rdap, whois)
            ]
        finally:
            await posts.close()


async def look_at_other(
    config: Path | None, name: DomainName, holder: Sequence[Contact], rdap: str, whois: str
) -> list[View]:
    """Look for somebody at the directories that are known of the domain's ending, or at those named."""
    settings = settings_from(config)
    posts = KnownPosts(settings, Catalogue.load(*settings.catalogue.overrides))
    expected = Expectation(name.a_label, Evidence(holder[0], more=holder[1:]))
    try:
        views = [
            await _view(place, view, expected)
            for place, view in _views(posts, name, rdap, whois)
            if place is not Place.OWN
        ]
    finally:
        await posts.close()
    if not views:
        raise typer.BadParameter(f"no directory of .{name.suffix} is known: name one by --rdap or --whois")
    return views


async def _subject(core: Core, subjects: Subjects, name: DomainName) -> Subject:
    async with core.storage.reading() as uow:
        registration = await uow.registrations.by_name(name)
        subject = await subjects.read(uow, registration.id) if registration else None
    if subject is None:
        raise NotFound(f"{name} is not held here: give its registrant by --registrant FILE")
    return subject


def _expectation(subjects: Subjects, subject: Subject, place: Place) -> Expectation:
    """Return what must be seen; without privacy the registrant's traces are shown all the same."""
    if subject.privacy.status.hidden:
        return subjects.expectation(subject, place)
    holder = registrant_contact(subject.registration.registrant)
    return Expectation(subject.registration.name.a_label, Evidence(holder))


def _views(posts: KnownPosts, name: DomainName, rdap: str, whois: str) -> list[tuple[Place, PublicView]]:
    if rdap or whois:
        return [(Place.REGISTRY, PublicView(_named(rdap, whois)))]
    found = ((place, posts.post(place, name.suffix)) for place in Place)
    return [(place, post.view) for place, post in found if post is not None]


def _named(rdap: str, whois: str) -> list[Directory]:
    """Return the directories that whoever typed the command has named: addresses inside only where he did."""
    directories: list[Directory] = []
    if rdap:
        url = rdap if "://" in rdap else f"https://{rdap}"
        host = url.partition("://")[2].partition("/")[0]
        directories.append(RdapDirectory(url, allow_private=_is_inside(host)))
    if whois:
        host, _, port = whois.rpartition(":") if whois.rpartition(":")[2].isdigit() else (whois, "", "")
        directories.append(
            WhoisDirectory(host.strip("[]"), int(port or _WHOIS_PORT), allow_private=_is_inside(whois))
        )
    return directories


def _is_inside(place: str) -> bool:
    host = place.rpartition(":")[0] if place.rpartition(":")[2].isdigit() else place
    bare = host.strip("[]")
    return bare == "localhost" or ((bare.replace(".", "").isdigit() or ":" in bare) and not is_public(bare))


async def _view(place: Place, view: PublicView, expected: Expectation) -> View:
    return View(place.value, await view.examine(expected), expected)
