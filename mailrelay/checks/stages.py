"""What is known at each stage of the SMTP transaction: the contexts that checks look at.

Each stage holds the one before it. A chain is typed by its context, so that a check of the message
cannot be put where there is no message yet.
"""

import asyncio
from dataclasses import dataclass, field
from functools import cached_property

from mailrelay.authentication.results import AuthenticationResults
from mailrelay.checks.verdict import Evidence, Verdict
from mailrelay.content.reading import Content, read_content
from mailrelay.directory import RelayRoute, ReplyRoute
from mailrelay.message import RawMessage
from mailrelay.sender_rules import SenderRule

Route = RelayRoute | ReplyRoute

_THREAD_FROM_OCTETS = 64 * 1024  # parsing less than this holds up the event loop for a millisecond or two


@dataclass(frozen=True, slots=True)
class ConnectionContext:
    """A client has connected.

    Attributes:
        peer_ip: IPv4 or IPv6 address in text form.
        early_talker: Whether it spoke before its turn: before the banner, or behind EHLO before our answer.
    """

    peer_ip: str
    early_talker: bool = False


@dataclass(frozen=True, slots=True)
class SenderContext:
    """MAIL FROM was given.

    Attributes:
        helo: Name given in EHLO or HELO.
        reverse_path: Sender address without angle brackets; empty for the null reverse-path.
        declared_size_octets: SIZE parameter (RFC 1870), None where not given.
        protocol: As Received names it: SMTP, ESMTP or UTF8SMTP, with S behind it under TLS (RFC 3848, 6531).
        evidence: What the checks of the client have against it; known from the first accepted recipient on.
    """

    connection: ConnectionContext
    helo: str
    reverse_path: str
    declared_size_octets: int | None = None
    evidence: tuple[Evidence, ...] = ()
    protocol: str = "ESMTP"


@dataclass(frozen=True, slots=True)
class RecipientContext:
    """RCPT TO was given.

    Attributes:
        recipient: Address as given, without angle brackets.
        route: What the directory knows about it; None where it takes no mail.
        accepted: Routes of the recipients accepted before in this transaction.
    """

    sender: SenderContext
    recipient: str
    route: Route | None
    accepted: tuple[Route, ...] = ()


# No slots here: what checks share is made once, when first asked for.
@dataclass(frozen=True)
class MessageContext:
    """The message is there, not yet acknowledged.

    Attributes:
        routes: Routes of all accepted recipients; they are of one address.
        message: The message as received.
        authentication: SPF, DKIM and DMARC of the message.
        mailboxes: Where the owner may answer from.
        rules: Those of his side about whoever the message says it is from.
        claimed: What rules may call whoever that is.
        declared: What its author says that it is, on a form; "" for mail.
        found: What the checks before have found, in their order; the chain adds to it.
    """

    sender: SenderContext
    routes: tuple[Route, ...]
    message: RawMessage
    authentication: AuthenticationResults
    mailboxes: tuple[str, ...] = ()
    rules: tuple[SenderRule, ...] = ()
    claimed: tuple[str, ...] = ()
    declared: str = ""
    found: list[Verdict] = field(default_factory=list, init=False, compare=False)

    async def read(self) -> None:
        """Read the content of a large message in a thread, before checks ask for it in this one."""
        if len(self.message.raw) >= _THREAD_FROM_OCTETS:
            await asyncio.to_thread(getattr, self, "content")

    @cached_property
    def content(self) -> Content:
        """The decoded text and what the content checks ask about it, read once per message."""
        return read_content(self.message)

    @cached_property
    def relay_routes(self) -> tuple[RelayRoute, ...]:
        """Recipients that are published relay addresses."""
        return tuple(route for route in self.routes if isinstance(route, RelayRoute))

    @cached_property
    def reply_routes(self) -> tuple[ReplyRoute, ...]:
        """Recipients that are reply addresses: the message claims to come from the owner."""
        return tuple(route for route in self.routes if isinstance(route, ReplyRoute))
