"""What owners do before a test begins, and what they have in their mailboxes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pyotp

from tests.browser.tab import Tab
from tests.journeys.journey import Journey
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.domain.sign_in import Visit
from whoisproxy.domain.totp import PERIOD_S
from whoisproxy.services.owners.sessions import Entered, FoundSession

PASSWORD = "correct horse battery"
OFFICE = Visit("198.51.100.0/24", "Firefox, Linux")


@dataclass(frozen=True, slots=True)
class Secured:
    """What an owner signs in with besides links: a password, an app for codes, recovery codes."""

    secret: str
    recovery_codes: tuple[str, ...]
    session: FoundSession


async def link_from_panel(owner: Journey) -> str:
    """Let the registrar's backend make the link that it sends its customer to."""
    backend = owner.world.backend
    domain = (await backend.call("GET", f"/v1/domains/{owner.domain}")).body
    made = await backend.call("POST", f"/v1/registrants/{domain['registrant_id']}/portal-links")
    assert made.status == 201, made.body
    return str(made.body["url"])


async def comes_from_panel(tab: Tab, owner: Journey) -> None:
    """Bring an owner in by his registrar's link."""
    await tab.open(await link_from_panel(owner))
    await tab.press("main form button")


async def entered(owner: Journey) -> Entered:
    """Begin a session of the owner's on another device."""
    token = (await link_from_panel(owner)).rpartition("/")[2]
    begun = await owner.world.service.core.entry.sign_in.by_link(token, OFFICE)
    assert begun is not None
    return begun


async def in_office(owner: Journey) -> FoundSession:
    """Begin a session of the owner's on another device, and return how it stands."""
    found = await owner.world.service.core.entry.sessions.find((await entered(owner)).secret)
    assert found is not None
    return found


async def with_password(owner: Journey) -> FoundSession:
    """Set a password."""
    found = await in_office(owner)
    await owner.world.service.core.entry.methods.set_password(found, PASSWORD)
    return found


async def with_codes(owner: Journey) -> Secured:
    """Set a password, an app for codes and recovery codes up, long enough ago for the next code."""
    entry, found = owner.world.service.core.entry, await with_password(owner)
    secret = await entry.methods.begin_totp(found)
    confirmed = await entry.methods.confirm_totp(found, code_of(owner, secret), OFFICE)
    assert confirmed is not None
    session = await entry.sessions.find(confirmed.entered.secret)
    assert session is not None
    # A code is good once, and an app shows each for half a minute.
    passes(owner, PERIOD_S)
    return Secured(secret, confirmed.codes, session)


def passes(owner: Journey, seconds: int) -> None:
    """Let time pass for the service."""
    owner.clock.ahead += type(owner.clock.ahead)(seconds=seconds)


def code_of(owner: Journey, secret: str) -> str:
    """Return what the app shows."""
    return pyotp.TOTP(secret, interval=PERIOD_S).at(owner.clock())


async def letter_with(owner: Journey, pattern: str) -> str:
    """Wait for a letter in which a pattern is found; return its first group."""
    found = re.compile(pattern)
    letters = await owner.world.sink.wait_for(1, matching=_to_owner(owner, found))
    match = found.search(text_of(letters[-1]))
    assert match is not None
    return match[1]


def text_of(letter: SunkMessage) -> str:
    """Return what a letter says."""
    read = message_from_bytes(letter.raw, EmailMessage, policy=default)
    body = read.get_body(("plain",))
    return str(body.get_content()) if isinstance(body, EmailMessage) else ""


def _to_owner(owner: Journey, found: re.Pattern[str]) -> Callable[[SunkMessage], bool]:
    return lambda one: owner.owner in one.recipients and bool(found.search(text_of(one)))
