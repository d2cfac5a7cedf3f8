"""What the mail relay asks on each message: who takes mail at an address, and where that mail goes.

One statement answers one or many who ask at the time, with what it takes and no more. At RCPT only the data
key is opened, under which the message will be sealed; at delivery the registrant is too. The key comes with
the row: an erased registrant is seen even by whoever still has his key in memory. `relays` writes the
addresses.

Relay and reply addresses are sought by the same statement, whether they take mail, take none, or never were:
which of these an address is must not show in the time that an answer takes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    LargeBinary,
    Row,
    String,
    and_,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)

from mailrelay.directory import NOT_OPENED, Admission, MailPolicy, Opening
from mailrelay.sender_rules import Level, SenderRule
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.relay import REPLY_LIFETIME, RelayState
from whoisproxy.domain.sender_rules import RuleAction, RuleScope
from whoisproxy.storage.direct import Reader
from whoisproxy.storage.keyring import SYSTEM, Keyring
from whoisproxy.storage.repositories.registrations import stored_registrant
from whoisproxy.storage.repositories.replies import indexes_of, opening_of
from whoisproxy.storage.repositories.sender_rules import ALL_MAIL, SENDER
from whoisproxy.storage.sealing import index_of
from whoisproxy.storage.tables import (
    appearances,
    data_keys,
    domains,
    mail_settings,
    privacy,
    registrants,
    relay_addresses,
    reply_addresses,
    sender_rules,
)
from whoisproxy.storage.vault import Unreadable, Vault


@dataclass(frozen=True, slots=True)
class ServedAddress:
    """A relay address that takes mail, and whose it is."""

    relay_id: str
    local_part: str
    registrant_id: str
    domain: str
    mail_policy: MailPolicy


@dataclass(frozen=True, slots=True)
class ServedReply:
    """A reply address whose relay address takes mail."""

    reply_id: str
    relay_id: str
    registrant_id: str
    domain: str
    relay_local_part: str
    opening: Opening


@dataclass(frozen=True, slots=True)
class ServedDelivery:
    """Where a message to a relay address goes now.

    Attributes:
        forward_to: Mailbox that gets the mail instead of the registrant's own; empty for his own.
        settings: How he wants his mail.
        pages_host: Own host name of the pages of his registrar, or "".
        reply_local_part: Of the correspondent's reply address in the thread; empty where there is none or
            one that will end soon.
    """

    address: ServedAddress
    registrant: Registrant
    forward_to: str = field(repr=False)
    settings: MailSettings
    pages_host: str
    reply_local_part: str


_SERVED = or_(
    relay_addresses.c.state == RelayState.ACTIVE,
    and_(relay_addresses.c.state == RelayState.GRACE, relay_addresses.c.grace_until > bindparam("now")),
)
_LOCAL_PARTS: BindParameter[str] = bindparam("local_parts", expanding=True)
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_ADDRESSES = (
    select(
        relay_addresses.c.id,
        relay_addresses.c.local_part,
        domains.c.registrant_id,
        domains.c.name,
        privacy.c.mail_policy,
        data_keys.c.wrapped,
        data_keys.c.master_key_id,
    )
    .join(domains, domains.c.id == relay_addresses.c.domain_id)
    .join(privacy, privacy.c.domain_id == domains.c.id)
    .join(data_keys, data_keys.c.owner_id == domains.c.registrant_id)
    .where(
        relay_addresses.c.relay_domain == bindparam("relay_domain"),
        relay_addresses.c.local_part.in_(_LOCAL_PARTS),
        _SERVED,
    )
)
_NO_TEXT, _NO_OCTETS = cast(null(), String), cast(null(), LargeBinary)
_NO_REPLY = (
    _NO_TEXT.label("reply_id"),
    _NO_TEXT.label("relay_local_part"),
    domains.c.registrant_id.label("sealed_for"),
)
_REPLIES = (
    select(
        relay_addresses.c.id,
        reply_addresses.c.local_part,
        domains.c.registrant_id,
        domains.c.name,
        _NO_TEXT.label("mail_policy"),
        data_keys.c.wrapped,
        data_keys.c.master_key_id,
        reply_addresses.c.id.label("reply_id"),
        relay_addresses.c.local_part.label("relay_local_part"),
        reply_addresses.c.registrant_id.label("sealed_for"),
    )
    .select_from(reply_addresses)
    .join(relay_addresses, relay_addresses.c.id == reply_addresses.c.relay_id)
    .join(domains, domains.c.id == relay_addresses.c.domain_id)
    # Of whom it was sealed for: where he was erased, nobody can read it any more.
    .join(data_keys, data_keys.c.owner_id == reply_addresses.c.registrant_id)
    .where(
        reply_addresses.c.relay_domain == bindparam("relay_domain"),
        reply_addresses.c.local_part.in_(_LOCAL_PARTS),
        reply_addresses.c.revoked_at.is_(None),
        reply_addresses.c.expires_at > bindparam("now"),
        _SERVED,
    )
)
# At the door nobody asks who is answered, and what is not read takes no time.
_ROUTES_AT_DOOR = union_all(_ADDRESSES.add_columns(*_NO_REPLY), _REPLIES)
_ROUTES = union_all(
    _ADDRESSES.add_columns(*_NO_REPLY, _NO_OCTETS.label("correspondent"), _NO_OCTETS.label("opening")),
    _REPLIES.add_columns(reply_addresses.c.correspondent, reply_addresses.c.opening),
)
# An owner's rule has the registrar's id and the index of his mailbox, any other no such index.
_RULES_IN_FORCE = and_(
    sender_rules.c.sender_index.in_(bindparam("senders", expanding=True)),
    sender_rules.c.scope_id.in_([domains.c.id, domains.c.registrar_id, literal(ALL_MAIL)]),
    sender_rules.c.owner_index.in_([literal(b"", LargeBinary), registrants.c.email_index]),
)
_ADMISSIONS = (
    select(
        relay_addresses.c.id,
        domains.c.registrant_id,
        registrants.c.sealed,
        privacy.c.forward_to,
        data_keys.c.wrapped,
        data_keys.c.master_key_id,
        sender_rules.c.scope,
        sender_rules.c.sender_index,
        sender_rules.c.action,
    )
    .join(domains, domains.c.id == relay_addresses.c.domain_id)
    .join(registrants, registrants.c.id == domains.c.registrant_id)
    .join(privacy, privacy.c.domain_id == domains.c.id)
    .join(data_keys, data_keys.c.owner_id == domains.c.registrant_id)
    .outerjoin(sender_rules, _RULES_IN_FORCE)
    .where(relay_addresses.c.id.in_(bindparam("relay_ids", expanding=True)), _SERVED)
)
_DELIVERIES = (
    _ADDRESSES.join(registrants, registrants.c.id == domains.c.registrant_id)
    .outerjoin(
        reply_addresses,
        and_(
            reply_addresses.c.relay_id == relay_addresses.c.id,
            reply_addresses.c.correspondent_index.in_(bindparam("correspondents", expanding=True)),
            reply_addresses.c.thread_index.in_(bindparam("threads", expanding=True)),
            reply_addresses.c.revoked_at.is_(None),
            reply_addresses.c.expires_at > bindparam("soon"),
        ),
    )
    .outerjoin(mail_settings, mail_settings.c.domain_id == domains.c.id)
    .outerjoin(appearances, appearances.c.registrar_id == domains.c.registrar_id)
    .add_columns(
        registrants.c.sealed,
        privacy.c.forward_to,
        mail_settings.c.sealed.label("settings"),
        appearances.c.host,
        reply_addresses.c.correspondent_index,
        reply_addresses.c.thread_index,
        reply_addresses.c.local_part.label("reply_local_part"),
    )
)


_AS_BY_DEFAULT = MailSettings()
_LEVELS = {
    RuleScope.DOMAIN: Level.DOMAIN,
    RuleScope.OWNER: Level.OWNER,
    RuleScope.REGISTRAR: Level.REGISTRAR,
    RuleScope.OPERATOR: Level.OPERATOR,
}


class MailRoutes:
    """Look-ups for the relay; local parts are asked for in lower case."""

    def __init__(self, reader: Reader, vault: Vault, keyring: Keyring) -> None:
        self._reader = reader
        self._vault = vault
        self._keyring = keyring

    async def routes(
        self, local_parts: Iterable[str], relay_domain: str, now: datetime, *, opened: bool = True
    ) -> dict[str, ServedAddress | ServedReply]:
        """Return which of the addresses take mail, by local part; `opened`, with who is answered."""
        statement = _ROUTES if opened else _ROUTES_AT_DOOR
        rows = await self._rows(statement, local_parts, relay_domain, now)
        return {
            row.local_part: served for row in rows if (served := self._served(row, opened=opened)) is not None
        }

    async def admissions(self, asks: Sequence[tuple[str, Sequence[str]]], now: datetime) -> list[Admission]:
        """Return for each pair of relay address and senders where its owner gets mail, and the rules.

        Mailboxes are in the order of the owner's wish; an address that takes no mail has none.

        Raises:
            Unreadable: A registrant does not open.
        """
        key = (await self._keyring.keys(self._reader, [SYSTEM]))[SYSTEM]
        names = {index_of(key, SENDER, each): each for _, senders in asks for each in senders}
        values = {"relay_ids": list({each for each, _ in asks}), "senders": list(names), "now": now}
        rows = (await self._reader.execute(_ADMISSIONS, values)).all()
        # An address comes once for each rule about one of the senders, and once where there is none.
        mailboxes = {row.id: self._mailboxes(row) for row in {row.id: row for row in rows}.values()}
        rules = [(row.id, _rule(row, names)) for row in rows if row.scope is not None]
        return [
            Admission(
                mailboxes.get(relay_id, ()),
                tuple([rule for each, rule in rules if each == relay_id and rule.sender in senders]),
            )
            for relay_id, senders in asks
        ]

    async def deliveries(
        self, asks: Sequence[tuple[str, Opening]], relay_domain: str, now: datetime
    ) -> list[ServedDelivery | None]:
        """Return for each pair of local part and opening where that message goes; None for nowhere.

        Raises:
            Unreadable: A registrant does not open.
        """
        key = (await self._keyring.keys(self._reader, [SYSTEM]))[SYSTEM]
        indexes = {opening: indexes_of(key, opening) for _, opening in asks}
        rows = await self._rows(
            _DELIVERIES,
            {each for each, _ in asks},
            relay_domain,
            now,
            correspondents=[index for index, _ in indexes.values()],
            threads=[index for _, index in indexes.values()],
            soon=now + REPLY_LIFETIME / 2,
        )
        # An address that several correspondents write to comes once for each who has a reply address.
        of_address = {row.local_part: row for row in rows}
        replies = {
            (row.local_part, row.correspondent_index, row.thread_index): row.reply_local_part for row in rows
        }
        opened = {local_part: self._opened(row) for local_part, row in of_address.items()}
        return [
            ServedDelivery(
                _address(of_address[local_part]),
                *opened[local_part],
                of_address[local_part].host or "",
                replies.get((local_part, *indexes[opening])) or "",
            )
            if local_part in opened
            else None
            for local_part, opening in asks
        ]

    async def _rows(
        self, statement: Any, local_parts: Iterable[str], relay_domain: str, now: datetime, **more: object
    ) -> Sequence[Row[Any]]:
        values = {"local_parts": list(local_parts), "relay_domain": relay_domain, "now": now, **more}
        return (await self._reader.execute(statement, values)).all()

    def _served(self, row: Row[Any], *, opened: bool) -> ServedAddress | ServedReply | None:
        # Whoever seals the message finds the key in memory then.
        self._keyring.opened(row.sealed_for, row.wrapped, row.master_key_id)
        if row.reply_id is None:
            return _address(row)
        opening = self._opening(row) if opened else NOT_OPENED
        if opening is None:
            return None
        return ServedReply(row.reply_id, row.id, row.registrant_id, row.name, row.relay_local_part, opening)

    def _mailboxes(self, row: Row[Any]) -> tuple[str, ...]:
        owner_id = row.registrant_id
        own: str = orjson.loads(self._open(row, owner_id, "registrant", row.sealed))["email"]
        forward_to = row.forward_to and self._open(row, owner_id, "forward-to", row.forward_to).decode()
        return tuple(dict.fromkeys((forward_to or own, own)))

    def _opened(self, row: Row[Any]) -> tuple[Registrant, str, MailSettings]:
        """Return the registrant, the mailbox that he wants his mail in (empty: his own), and how."""
        owner_id = row.registrant_id
        registrant = stored_registrant(orjson.loads(self._open(row, owner_id, "registrant", row.sealed)))
        forward_to = row.forward_to and self._open(row, owner_id, "forward-to", row.forward_to).decode()
        wishes = row.settings and orjson.loads(self._open(row, owner_id, "mail-settings", row.settings))
        return registrant, forward_to or "", MailSettings.parse(wishes) if wishes else _AS_BY_DEFAULT

    def _opening(self, row: Row[Any]) -> Opening | None:
        try:
            correspondent = self._open(row, row.sealed_for, "correspondent", row.correspondent)
            began = row.opening and self._open(row, row.sealed_for, "opening", row.opening)
        except Unreadable:
            return None
        return opening_of(correspondent, began)

    def _open(self, row: Row[Any], owner_id: str, purpose: str, sealed: bytes) -> bytes:
        """Open a value of the owner whose key came with the row."""
        key = self._keyring.opened(owner_id, row.wrapped, row.master_key_id)
        return self._vault.open(key, sealed, f"{purpose}:{owner_id}")


def _address(row: Row[Any]) -> ServedAddress:
    return ServedAddress(row.id, row.local_part, row.registrant_id, row.name, MailPolicy(row.mail_policy))


def _rule(row: Row[Any], names: Mapping[bytes, str]) -> SenderRule:
    return SenderRule(_LEVELS[RuleScope(row.scope)], names[row.sender_index], row.action == RuleAction.ALLOW)
