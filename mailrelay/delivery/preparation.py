"""Make a queued message ready to be sent: who gets it now, and what he gets.

The owner is asked for here, at delivery, and forgotten afterwards. A relay that no longer serves
anybody fails like an address that never existed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from mailrelay.addresses import BounceAddresses, Mailbox, decoded
from mailrelay.authentication.arc_sealing import Findings, findings_of
from mailrelay.authentication.results import Result
from mailrelay.checks.content_score import ContentScore
from mailrelay.delivery.mailbox_failures import MailboxRests
from mailrelay.delivery.objections import (
    CopyOfAnswer,
    demand_owners_word,
    demand_wanted,
    is_authenticated,
    raise_if_automatic,
)
from mailrelay.directory import Delivery, Directory, Opening, Owner, ReplyRoute
from mailrelay.errors import PermanentMailError
from mailrelay.identity import Identity
from mailrelay.links import Links
from mailrelay.message import LOOP_HEADER, HeaderField, RawMessage
from mailrelay.queue.entry import Direction, QueuedMessage
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.encryption import EncryptionKey, UnusableKey, read_key
from mailrelay.rewriting.forward import (
    ForwardFacts,
    author_of,
    correspondent_of,
    rewrite_forward,
)
from mailrelay.rewriting.reply import AnswerHeld, ReplyFacts, rewrite_reply
from mailrelay.rewriting.threads import AnswerIds, own_id, referenced_ids, thread_of

_LONGEST_SUBJECT = 200  # characters that are kept of it
# Packing less than this anew takes no longer than going to a thread is worth.
_THREAD_FROM_OCTETS = 256 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it will be sent, not yet signed.

    Attributes:
        learned: Message-IDs that the correspondent knows once it is delivered.
        on_trial: The mailbox is suspect; whether it takes the message is worth knowing.
        findings: What an ARC set is to say; None for no set.
    """

    reverse_path: str
    recipient: str
    message: RawMessage
    learned: tuple[str, ...] = ()
    on_trial: bool = False
    findings: Findings | None = None


class Preparation:
    """Rewrites queued messages.

    Args:
        directory: Knows relays and owners.
        store: Knows the conversations.
        bounces: Makes return addresses.
        answer_ids: Makes the Message-IDs of answers.
        links: Makes the links in what owners get.
        relay_domain: Domain of relay addresses and Message-IDs.
        relay_host: Our name in Received and Authentication-Results.
        operator_mailbox: Who reads postmaster and abuse; empty for nobody.
        clock: Gives aware UTC.
        seals_arc: Whether strangers' mail gets an ARC set, and keeps those of a chain that holds.
    """

    def __init__(  # noqa: PLR0913 - what rewriting depends on
        self,
        *,
        directory: Directory,
        store: QueueStore,
        bounces: BounceAddresses,
        answer_ids: AnswerIds,
        links: Links,
        relay_domain: str,
        relay_host: str,
        operator_mailbox: str,
        clock: Callable[[], datetime],
        seals_arc: bool = False,
    ) -> None:
        self._directory = directory
        self._store = store
        self._bounces = bounces
        self._answer_ids = answer_ids
        self._links = links
        self._relay_domain = relay_domain
        self._relay_host = relay_host
        self._operator_mailbox = operator_mailbox
        self._clock = clock
        self._seals_arc = seals_arc

    async def prepare(self, queued: QueuedMessage) -> Outgoing:
        """Return what to send.

        Raises:
            PermanentMailError: Nobody gets it.
            AnswerHeld: An answer that may not leave; a message that may only leave encrypted, and cannot.
            AutomaticMail: The owner's software wrote it.
            NotWanted: Its owner wants no mail.
            CopyOfAnswer: The owner wrote it, and has sent it to a reply address too.
            MailboxRests: The owner's mailboxes are not to be tried now.
        """
        match queued.direction:
            case Direction.FORWARD:
                return await self._forward(queued)
            case Direction.REPLY:
                return await self._reply(queued)
            case Direction.NOTICE:
                return await self._notice(queued)
            case Direction.OPERATOR:
                return self._operator(queued)
            case _:
                return Outgoing("", queued.recipient, RawMessage.parse(queued.raw))

    async def _forward(self, queued: QueuedMessage) -> Outgoing:
        message = queued.canonical()
        author = author_of(message, queued.reverse_path)
        opening = _opening(message, author)
        delivery = await self._directory.delivery(queued.recipient, opening)
        if delivery is None:
            raise _not_served()
        route = delivery.route
        if route.owner_id != queued.owner_id:
            # The domain has a new holder since: what was written to the one before is not for his eyes.
            raise _not_served()
        demand_wanted(route, queued)
        if author is not None and author.address in delivery.owner.mailboxes:
            raise_if_automatic(message)
            await self._raise_if_copy(queued, message, author)
        findings = findings_of(queued.authentication) if self._seals_arc else None
        mailbox = _mailbox(delivery.owner)
        facts = self._facts(queued, delivery, mailbox, findings)
        if ours := self._answer_ids.named_in(message):
            owners_ids = await self._store.owners_ids(
                queued.owner_id, queued.relay_id, opening.correspondent, ours
            )
            facts = replace(facts, owners_ids=owners_ids)
        rewritten = await _rewritten(message, author, facts)
        return Outgoing(
            self._return_address(queued),
            mailbox,
            rewritten,
            on_trial=mailbox in delivery.owner.suspects,
            findings=findings,
        )

    def _facts(
        self, queued: QueuedMessage, delivery: Delivery, mailbox: str, findings: Findings | None
    ) -> ForwardFacts:
        owner, route = delivery.owner, delivery.route
        wishes, now = owner.wishes, self._clock()
        # Where nobody is known to have written, there is nobody to answer or to block.
        named = "" if delivery.reply_address == route.address else delivery.reply_address
        links = self._links.at(owner.pages_host)
        return ForwardFacts(
            domain=route.domain,
            relay_address=route.address,
            reply_address=delivery.reply_address,
            relay_host=self._relay_host,
            authentication=queued.authentication,
            verdicts=tuple([f"{one.check}={one.action} ({one.reason})" for one in queued.verdicts]),
            queue_id=queued.id,
            received_at=queued.received_at,
            protocol=queued.protocol,
            keeps_chain=findings is not None and findings.status is Result.PASS,
            score=sum(one.score for one in queued.verdicts if one.check == ContentScore.name),
            language=owner.language,
            banner=wishes.banner,
            attach_original=wishes.attach_original,
            key=_key(wishes.encryption_key, now) if wishes.encryption_key else None,
            answer_url=links.answer(named, now),
            block_url=links.stop(named, now),
            hint_key=self._answer_ids.hint_key(mailbox),
        )

    async def _reply(self, queued: QueuedMessage) -> Outgoing:
        route = await self._directory.find(queued.recipient)
        owner = await self._owner(queued)
        if not isinstance(route, ReplyRoute):
            raise _not_served()
        demand_owners_word(queued)
        message = queued.canonical()
        facts = ReplyFacts(
            domain=route.domain,
            relay_address=route.relay_address,
            relay_domain=self._relay_domain,
            reply_address=queued.recipient,
            correspondent=route.correspondent,
            correspondent_name=route.opening.display,
            known_ids=await self._known_ids(message, route),
            now=self._clock(),
            message_id=self._answer_ids.of(own_id(message) or queued.id, route.relay_id, route.correspondent),
            plain_text_only=owner.wishes.plain_text_only,
            neutral_file_names=owner.wishes.neutral_file_names,
        )
        identity = _with_secrets(owner.identity, queued)
        # Looking through large attachments takes a while; the server goes on meanwhile.
        answer = await asyncio.to_thread(rewrite_reply, message, identity, facts)
        return Outgoing(
            self._return_address(queued), route.correspondent, answer.message, (answer.message_id,)
        )

    async def _known_ids(self, message: RawMessage, route: ReplyRoute) -> dict[str, str]:
        """Return by what the correspondent knows the messages that the owner's message names."""
        # His own came to the owner as they were; those of the owner went out under ours.
        ours = {
            one: self._answer_ids.of(one, route.relay_id, route.correspondent)
            for one in referenced_ids(message)
        }
        known = await self._store.known_thread_ids(
            route.relay_id, route.correspondent, {*ours, *ours.values()}
        )
        return {one: known_as for one, our in ours.items() for known_as in (our, one) if known_as in known}

    async def _raise_if_copy(self, queued: QueuedMessage, message: RawMessage, author: Mailbox) -> None:
        named = own_id(message)
        if not named or not is_authenticated(queued, author):
            return
        if await self._store.known_thread_ids(queued.relay_id, "", [named]):
            raise CopyOfAnswer

    async def _notice(self, queued: QueuedMessage) -> Outgoing:
        owner = await self._owner(queued)
        if owner.owner_id != queued.owner_id:
            # The domain has a new holder since: what was told to the one before is not for his eyes.
            raise _not_served()
        mailbox = _mailbox(owner)
        message = RawMessage.parse(queued.raw).with_first(HeaderField.make("To", mailbox))
        return Outgoing("", mailbox, message, on_trial=mailbox in owner.suspects)

    def _operator(self, queued: QueuedMessage) -> Outgoing:
        if not self._operator_mailbox:
            raise _not_served()
        message = queued.canonical()
        marked = message.with_first(HeaderField.make(LOOP_HEADER, self._relay_host))
        return Outgoing(self._return_address(queued), self._operator_mailbox, marked)

    async def _owner(self, queued: QueuedMessage) -> Owner:
        # A letter about himself goes by no relay address: he may have none.
        owner = await (
            self._directory.owner(queued.relay_id)
            if queued.relay_id
            else self._directory.person(queued.owner_id)
        )
        if owner is None or not owner.mailboxes:
            raise _not_served()
        return owner

    def _return_address(self, queued: QueuedMessage) -> str:
        return self._bounces.encode(queued.id, self._clock())


def _opening(message: RawMessage, author: Mailbox | None) -> Opening:
    """Return what an answer to a message will begin with."""
    correspondent = correspondent_of(message, author)
    if correspondent is None:
        return Opening("")
    subject = decoded(message.first("Subject"))[:_LONGEST_SUBJECT]
    return Opening(correspondent.address, correspondent.display, subject, thread_of(message))


def _with_secrets(identity: Identity, answer: QueuedMessage) -> Identity:
    """Return what must not show in an answer: the owner's data that he does not let pass, and his links.

    Whoever has a link that names the reply address can see what becomes of a text, and so guess at names.
    """
    reply, _, _ = answer.recipient.partition("@")
    released = identity.released.union(answer.released or ())
    return replace(identity, released=released, others=(*identity.others, reply))


async def _rewritten(message: RawMessage, author: Mailbox | None, facts: ForwardFacts) -> RawMessage:
    """Return the message for the owner; the server goes on while a large one is packed anew."""
    if len(message.raw) < _THREAD_FROM_OCTETS or not facts.packs_anew:
        return rewrite_forward(message, author, facts)
    return await asyncio.to_thread(rewrite_forward, message, author, facts)


def _mailbox(owner: Owner) -> str:
    if owner.rest is not None:
        raise MailboxRests(owner.rest)
    return owner.mailboxes[0]


@lru_cache(maxsize=256)
def _read_key(key: str, day: datetime) -> EncryptionKey:
    return read_key(key.encode(), day)


def _key(key: str, now: datetime) -> EncryptionKey:
    """Return the key that an owner wants his mail encrypted with.

    Raises:
        AnswerHeld: It cannot be used any more; in the clear the message must not go.
    """
    try:
        # A key that ends within the day is read anew on the next.
        return _read_key(key, now.replace(hour=0, minute=0, second=0, microsecond=0))
    except UnusableKey:
        raise AnswerHeld("encryption-key-unusable") from None


def _not_served() -> PermanentMailError:
    return PermanentMailError(550, "5.1.1", "No such address here", "not-served")
