"""Addresses of every kind, and everybody who writes to them: what a stranger must not tell apart.

The addresses are written straight into the database. All letters are alike in size and carry one signature,
so that what differs is the address, and whether the author is its owner.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path

import pysequoia
from sqlalchemy import Table, update

from bench.mail_directory import add_addresses
from mailrelay.directory import MailPolicy, Opening
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import Letter, MailDomain
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.mailbox_health import newly_suspect
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.domain.relay import RelayState, random_local_part
from whoisproxy.domain.sender_rules import RuleAction
from whoisproxy.runtime.core import Core
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.relay_directory import RelayDirectory
from whoisproxy.storage.repositories.sender_rules import RuleBook
from whoisproxy.storage.tables import privacy, relay_addresses, reply_addresses
from whoisproxy.storage.unit_of_work import UnitOfWork

STRANGER = "ada@offers.example"
_STRANGERS, _OWNERS = "offers.example", "home.example"
_AGES = timedelta(days=300)
_ROLES = 3  # relay addresses that `add_addresses` makes for each domain
_WORDS = (
    *("offer", "price", "transfer", "escrow", "bakery", "bridge", "garden", "letter"),
    *("week", "month", "office", "owner", "project", "music", "mountain", "quiet"),
)
_LINES = 40


@dataclass(frozen=True, slots=True)
class Place:
    """An address, and the mailbox of whom it belongs or once belonged to."""

    address: str
    owner: str


@dataclass(frozen=True, slots=True)
class _Site:
    """A relay address that is to become a case."""

    core: Core
    relay_id: str
    domain_id: str
    owner_id: str
    place: Place

    async def change(self, table: Table, **values: object) -> None:
        """Change the domain's rows in a table."""
        async with self.core.storage.unit_of_work() as uow:
            await uow.connection.execute(
                update(table).where(table.c.domain_id == self.domain_id).values(**values)
            )

    async def reply(self) -> str:
        """Return the reply address of the stranger."""
        settings, storage, clock = self.core.settings, self.core.storage, self.core.clock
        directory = RelayDirectory(storage, settings.relay.domain, clock, MailboxHealth(storage, clock))
        opening = Opening(STRANGER, "Ada Buyer", "Your domain", "<1@offers.example>")
        return await directory.reply_address(self.relay_id, opening)


_Make = Callable[[_Site], Awaitable[str]]


async def _relay(site: _Site) -> str:
    return site.place.address


async def _forward(site: _Site) -> str:
    await site.change(privacy, mail_policy=MailPolicy.FORWARD.value)
    return site.place.address


async def _wants_none(site: _Site) -> str:
    await site.change(privacy, mail_policy=MailPolicy.DROP.value)
    return site.place.address


async def _in_grace(site: _Site) -> str:
    await site.change(privacy, state=PrivacyState.DISABLED, wanted=False, published=False)
    await site.change(relay_addresses, state=RelayState.GRACE, grace_until=site.core.clock() + _AGES)
    return site.place.address


async def _sender_blocked(site: _Site) -> str:
    async with site.core.storage.unit_of_work() as uow:
        domain = await uow.registrations.by_id(site.domain_id)
        assert domain is not None
        await uow.sender_rules.put(RuleBook.of_domain(domain), STRANGER, RuleAction.BLOCK, site.core.clock())
    return site.place.address


async def _mailbox_rests(site: _Site) -> str:
    now = site.core.clock()
    async with site.core.storage.unit_of_work() as uow:
        index = await uow.suspect_mailboxes.index(site.place.owner)
        suspect = newly_suspect(site.owner_id, index, now)
        await uow.suspect_mailboxes.add(replace(suspect, try_at=now + _AGES))
    return site.place.address


async def _encrypted(site: _Site) -> str:
    settings = MailSettings(encryption_key=_certificate())
    async with site.core.storage.unit_of_work() as uow:
        await uow.correspondence.put_settings(site.domain_id, site.owner_id, settings, site.core.clock())
    return site.place.address


async def _unknown(site: _Site) -> str:
    return f"{random_local_part()}@{site.core.settings.relay.domain}"


async def _retired(site: _Site) -> str:
    await site.change(relay_addresses, state=RelayState.RETIRED)
    return site.place.address


async def _grace_over(site: _Site) -> str:
    await site.change(relay_addresses, state=RelayState.GRACE, grace_until=site.core.clock() - _AGES)
    return site.place.address


async def _reply_revoked(site: _Site) -> str:
    address = await site.reply()
    await site.change(reply_addresses, revoked_at=site.core.clock())
    return address


async def _reply_expired(site: _Site) -> str:
    address = await site.reply()
    await site.change(reply_addresses, expires_at=site.core.clock() - _AGES)
    return address


async def _reply_of_retired(site: _Site) -> str:
    address = await site.reply()
    await _retired(site)
    return address


TAKEN: Mapping[str, _Make] = {
    "relay": _relay,
    "relay, all forwarded": _forward,
    "relay, no mail wanted": _wants_none,
    "relay, disabled, in grace": _in_grace,
    "relay, stranger blocked": _sender_blocked,
    "relay, mailbox rests": _mailbox_rests,
    "relay, encrypted to owner": _encrypted,
    "reply": _Site.reply,
}
"""Addresses that take mail; the first is what the others are compared with."""

REFUSED: Mapping[str, _Make] = {
    "unknown": _unknown,
    "retired": _retired,
    "grace over": _grace_over,
    "reply, revoked": _reply_revoked,
    "reply, expired": _reply_expired,
    "reply of a retired one": _reply_of_retired,
}
"""Addresses that take none; the first is what the others are compared with."""


async def populate(core: Core, each: int) -> dict[str, list[Place]]:
    """Make so many addresses of each kind in an empty database; nobody else may write to it."""
    kinds = {**TAKEN, **REFUSED}
    domain = core.settings.relay.domain
    made = await add_addresses(core.storage, domain, _ROLES * each * len(kinds))
    places = iter([Place(*pair) for pair in made.items()][::_ROLES])
    found: dict[str, list[Place]] = {}
    for kind, make in kinds.items():
        async with core.storage.reading() as uow:
            sites = [await _site(core, uow, place) for place in islice(places, each)]
        found[kind] = [replace(site.place, address=await make(site)) for site in sites]
    return found


async def _site(core: Core, uow: UnitOfWork, place: Place) -> _Site:
    local_part = place.address.partition("@")[0]
    query = relay_addresses.select().where(relay_addresses.c.local_part == local_part)
    row = (await uow.connection.execute(query)).one()
    registration = await uow.registrations.by_id(row.domain_id)
    assert registration is not None
    return _Site(core, row.id, row.domain_id, registration.registrant_id, place)


@cache
def _certificate() -> str:
    return str(pysequoia.Tsk.generate("Owner <owner@home.example>").extract_certificate())


@dataclass(frozen=True, slots=True)
class Senders:
    """Who writes: their domains sign."""

    strangers: MailDomain
    owners: MailDomain

    def letter(self, sender: str, place: Place, chance: random.Random) -> tuple[str, bytes]:
        """Return reverse-path and signed letter of a sender.

        A `stranger`, the `owner`, a `spoofer` of him, or an `impostor`, who pretends to be another there.
        """
        authors = {"stranger": STRANGER, "impostor": f"x{place.owner[1:]}"}
        author = authors.get(sender, place.owner)
        lines = (" ".join(chance.choices(_WORDS, k=11)) for _ in range(_LINES))
        raw = Letter(f"A Person <{author}>", place.address, "Your domain", "\n".join(lines) + "\n").raw()
        # A spoofer cannot sign for the owner's domain, so he signs for his own: the work is the same.
        domain = self.owners if sender == "owner" else self.strangers
        return author, domain.sign(raw)


def publish(dns: DnsServer, keys: Path) -> Senders:
    """Put the senders' domains into the DNS; owners are known by their signature, not by where they are."""
    senders = Senders(*(MailDomain.publish(dns, name, keys) for name in (_STRANGERS, _OWNERS)))
    dns.set(_OWNERS, "TXT", "v=spf1 ip4:192.0.2.1 -all")
    dns.set(f"_dmarc.{_OWNERS}", "TXT", "v=DMARC1; p=none")
    return senders
