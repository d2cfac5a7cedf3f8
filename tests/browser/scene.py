"""Owners of one language who have something to show on every page, made once and looked at by many tests."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mailrelay.queue.entry import NoteOfVerdict
from tests.browser.letters import held_in_queue
from tests.browser.people import OFFICE, Secured, entered, in_office, with_codes
from tests.browser.site import BASE, Site
from tests.journeys.journey import Journey
from tests.support.authenticator import Authenticator
from whoisproxy.services.owners import passkeys
from whoisproxy.services.owners.sessions import Entered

_SPAM = NoteOfVerdict("content-score", "quarantine", "like-known-spam", 8.0)
OFFER = (_SPAM, NoteOfVerdict("mail-class", "accept", "purchase_inquiry price"))
MALWARE = (NoteOfVerdict("clamav", "quarantine", "malware"),)
_PLACE = passkeys.Site.of(BASE)
_STILL_FRESH = timedelta(minutes=10)


class Who(StrEnum):
    """Who opens a page."""

    ANYBODY = "anybody"
    PLAIN = "plain"  # has privacy and mail, and signs in by links alone
    SECURED = "secured"  # has a password, codes, a passkey
    HALF = "half"  # the same, before his second step
    ENROLLING = "enrolling"  # must set a second step up before he goes anywhere


@dataclass(repr=False)
class Scene:
    """What there is in one language.

    Attributes:
        cautious: One who has asked for a second step and has none.
        key: The authenticator of `secured`.
        places: What `places.PLACES` has made, by name.
    """

    site: Site
    language: str
    plain: Journey
    secured: Journey
    cautious: Journey
    two_step: Secured
    key: Authenticator
    places: dict[str, str] = field(default_factory=dict)
    _sessions: dict[Who, Entered] = field(default_factory=dict)

    async def session(self, who: Who) -> Entered:
        """Return a session that may change everything."""
        if who in {Who.HALF, Who.ENROLLING}:
            return await entered(self.secured if who is Who.HALF else self.cautious)
        kept = self._sessions.get(who)
        if kept is None or kept.session.proven_at + _STILL_FRESH < self.plain.clock():
            kept = self._sessions[who] = await self._begun(who)
        return kept

    async def _begun(self, who: Who) -> Entered:
        if who is Who.PLAIN:
            return await entered(self.plain)
        keys = self.secured.world.service.core.entry.passkeys
        answer = self.key.get(await keys.sign_in_options(_PLACE))
        begun = await keys.sign_in(answer, _PLACE, OFFICE)
        assert begun is not None
        return begun


async def scene(site: Site, language: str) -> Scene:
    """Return the scene of a language."""
    if language not in site.kept:
        site.kept[language] = await _made(site, language)
    kept: Scene = site.kept[language]
    return kept


async def _made(site: Site, language: str) -> Scene:
    plain, secured, cautious = [await site.owner(tld, language) for tld in ("org", "com", "com")]
    await plain.switched(on=True)
    await held_in_queue(plain, "Would you sell it?", *OFFER)
    await held_in_queue(plain, "YOU HAVE WON", _SPAM)
    await held_in_queue(plain, "Your invoice", *MALWARE)
    await site.world.service.core.entry.methods.wish_two_step(await in_office(cautious), wanted=True)
    two_step = await with_codes(secured)
    return Scene(site, language, plain, secured, cautious, two_step, await _with_passkey(secured, two_step))


async def _with_passkey(owner: Journey, two_step: Secured) -> Authenticator:
    keys, key = owner.world.service.core.entry.passkeys, Authenticator(BASE)
    answer = key.create(await keys.creation_options(two_step.session, _PLACE))
    assert await keys.add(two_step.session, answer, "My phone", _PLACE, OFFICE)
    return key
