"""Put the message for the owner together."""

from mailrelay.addresses import Mailbox, parse_mailboxes
from mailrelay.message import HeaderField, RawMessage
from mailrelay.rewriting.encryption import encrypted
from mailrelay.rewriting.entity import MIME_VERSION, Entity, multipart
from mailrelay.rewriting.forward.additions import with_additions
from mailrelay.rewriting.forward.facts import ForwardFacts
from mailrelay.rewriting.forward.own_fields import own_fields
from mailrelay.rewriting.forward.strangers_fields import strangers_fields


def author_of(message: RawMessage, reverse_path: str) -> Mailbox | None:
    """Return who wrote, for display: the From mailbox, else the reverse-path."""
    for value in (message.first("From"), reverse_path):
        for mailbox in parse_mailboxes(value):
            return mailbox
    return None


def correspondent_of(message: RawMessage, author: Mailbox | None) -> Mailbox | None:
    """Return who gets the answer (RFC 5322 3.6.2): the only Reply-To mailbox, else the author."""
    wanted = parse_mailboxes(message.first("Reply-To"))
    return wanted[0] if len(wanted) == 1 else author


def rewrite_forward(message: RawMessage, author: Mailbox | None, facts: ForwardFacts) -> RawMessage:
    """Return the message for the owner.

    Its body is that of `message`, whose line ends are CRLF already, unless the owner wants a banner, the
    original or encryption; those stand around it.

    Raises:
        UnusableKey: His mail cannot be encrypted; it must not go in clear.
    """
    own, kept = own_fields(message, author, facts), strangers_fields(message, facts)
    if not facts.packs_anew:
        return RawMessage.assemble([*own, *kept], message.body)
    entity = Entity(tuple([one for one in kept if _is_of_content(one)]), message.body)
    parts = with_additions(entity, message, facts)
    if parts == [entity] and facts.key is None:
        return RawMessage.assemble([*own, *kept], message.body)
    rest = [one for one in kept if one not in entity.fields and one.name.lower() != "mime-version"]
    if facts.key is None:
        content = parts[0] if len(parts) == 1 else multipart("mixed", parts)
        # Before the stranger's own fields, of which some programs may not read on.
        return RawMessage.assemble([*own, MIME_VERSION, *content.fields, *rest], content.body)
    outer, content = encrypted([*own, MIME_VERSION, *rest], parts, facts.key)
    at = outer.index(MIME_VERSION) + 1
    return RawMessage.assemble([*outer[:at], *content.fields, *outer[at:]], content.body)


def _is_of_content(field: HeaderField) -> bool:
    return field.name.lower().startswith("content-")
