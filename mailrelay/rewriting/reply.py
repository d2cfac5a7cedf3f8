"""Rebuild an owner's answer for the correspondent: owner -> correspondent.

Nothing of the owner's message is edited into shape; a new one is written. Its header comes from an
allow-list, its text is the answer as plain text without signature and without lines that name the
owner, its attachments keep their octets and a harmless name. What cannot be looked into (mail in mail,
visiting cards, calendars, TNEF, signed and encrypted parts) holds the message. HTML becomes text: too
much of its author stands between the lines.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import charset, message_from_bytes, policy
from email.encoders import encode_base64
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

import lxml.etree
import lxml.html

from mailrelay.addresses import decoded, format_mailbox
from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.rewriting.scrub import CannotLookInside, Hit, scrubber_for

_UNSAFE_MAIN = frozenset({"message"})
_UNSAFE = frozenset(
    {
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "application/ics",
        "application/ms-tnef",
        "application/vnd.ms-tnef",
        "application/pgp-keys",
        "application/pgp-signature",
        "application/pgp-encrypted",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pkix-cert",
        "application/x-x509-ca-cert",
        "multipart/signed",
        "multipart/encrypted",
        "multipart/report",
    }
)
_SAFE_NAME = re.compile(r"[^\w.,()+ -]")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
_MOST_PARTS = 100
_BLOCKS = [
    "p",
    "div",
    "br",
    "tr",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "blockquote",
    "pre",
    "hr",
]
_UTF8 = charset.Charset("utf-8")
_UTF8.body_encoding = charset.QP


class AnswerHeld(Exception):
    """The answer may not leave as it is; `reason` is kebab-case and names no person."""

    def __init__(self, reason: str, hits: tuple[Hit, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hits = hits


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What is known when an answer is rebuilt.

    Attributes:
        reply_address: Where the owner sent it; it becomes the correspondent's own in the text.
        known_ids: Message-IDs the correspondent knows, in the order of the conversation.
    """

    domain: str
    relay_address: str
    relay_domain: str
    reply_address: str
    correspondent: str
    known_ids: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """The rebuilt message and its new Message-ID."""

    message: RawMessage
    message_id: str


def rewrite_reply(message: RawMessage, identity: Identity, facts: ReplyFacts) -> Answer:
    """Return the message for the correspondent.

    Raises:
        AnswerHeld: A part cannot be looked into, or the result would show the owner.
    """
    parts = list(_leaves(message_from_bytes(message.raw)))
    scrubber = scrubber_for(identity, (facts.correspondent,), facts.relay_address, facts.domain)
    text = scrubber.text(_text(parts))
    text = re.sub(re.escape(facts.reply_address), lambda _: facts.correspondent, text, flags=re.IGNORECASE)
    message_id = f"<{secrets.token_hex(16)}@{facts.relay_domain}>"
    built = _put_together(text, [_attachment(part) for part in parts if not _is_text(part)])
    subject = scrubber.text(decoded(message.first("Subject")))
    _set_header(built, subject, message_id, facts)
    raw = built.as_bytes(policy=policy.compat32.clone(linesep="\r\n"))
    try:
        hits = scrubber.scan(raw)
    except CannotLookInside:
        raise AnswerHeld("unsafe-part") from None
    if hits:
        raise AnswerHeld("owner-shows", hits)
    return Answer(RawMessage.parse(raw), message_id)


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that are not containers.

    Raises:
        AnswerHeld: A part is of a kind that is never passed on, or there are too many.
    """
    for count, part in enumerate(message.walk()):
        kind = part.get_content_type()
        if kind in _UNSAFE or part.get_content_maintype() in _UNSAFE_MAIN:
            raise AnswerHeld("unsafe-part")
        if count >= _MOST_PARTS:
            raise AnswerHeld("too-many-parts")
        if not part.is_multipart():
            yield part


def _is_text(part: Message) -> bool:
    return (
        part.get_content_type() in {"text/plain", "text/html"}
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    )


def _text(parts: list[Message]) -> str:
    """Return the plain text parts, or where there are none the HTML parts as text."""
    shown = [part for part in parts if _is_text(part)]
    plain = "\n".join(_decoded_text(part) for part in shown if part.get_content_type() == "text/plain")
    if plain.strip():
        return plain
    html = (_decoded_text(part) for part in shown if part.get_content_type() == "text/html")
    return "\n".join(_html_as_text(text) for text in html)


def _decoded_text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    try:
        text = octets.decode(part.get_content_charset("utf-8"))
    except (LookupError, ValueError):
        text = octets.decode("utf-8", "replace")
    # UTF-7 can bring half characters, which no other charset can write.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _html_as_text(html: str) -> str:
    if not html.strip():
        return ""
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        raise AnswerHeld("unreadable-html") from None
    lxml.etree.strip_elements(root, "head", "script", "style", "title", with_tail=False)
    for quoted in root.iter("blockquote"):
        quoted.text = "\n> " + (quoted.text or "")
    for element in root.iter(*_BLOCKS):
        element.tail = "\n" + (element.tail or "")
    text = "".join(str(one) for one in root.itertext())
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", text).strip() + "\n"


def _attachment(part: Message) -> Message:
    kind = part.get_content_type()
    main, _, sub = (kind if _TYPE.fullmatch(kind) else "application/octet-stream").partition("/")
    payload = part.get_payload(decode=True)
    fresh = MIMEBase(main, sub)
    fresh.set_payload(payload if isinstance(payload, bytes) else b"")
    encode_base64(fresh)
    # Only the last component: paths name the user of the computer.
    name = re.split(r"[\\/]", decoded(part.get_filename() or ""))[-1]
    name = _SAFE_NAME.sub("_", name).strip(" .")[:100] or "attachment"
    fresh.add_header(
        "Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name)
    )
    return fresh


def _put_together(text: str, attachments: list[Message]) -> Message:
    body = MIMEText(text, "plain", _UTF8)  # type: ignore[arg-type]  # a Charset does what its name does
    if not attachments:
        return body
    whole = MIMEMultipart("mixed", boundary=f"=_{secrets.token_hex(16)}")
    for part in (body, *attachments):
        del part["MIME-Version"]
        whole.attach(part)
    return whole


def _set_header(built: Message, subject: str, message_id: str, facts: ReplyFacts) -> None:
    structure = [
        (name, built[name]) for name in ("Content-Type", "Content-Transfer-Encoding") if name in built
    ]
    for name in set(built.keys()):
        del built[name]
    clean_subject = re.sub(r"[\x00-\x1f\x7f]+", " ", subject).strip()
    fields = [
        ("From", format_mailbox(f"{facts.domain} owner", facts.relay_address)),
        ("To", facts.correspondent),
        ("Subject", Header(clean_subject, None if clean_subject.isascii() else "utf-8").encode()),
        ("Date", format_datetime(facts.now)),
        ("Message-ID", message_id),
        ("In-Reply-To", facts.known_ids[-1] if facts.known_ids else ""),
        ("References", "\n ".join(facts.known_ids)),
        ("MIME-Version", "1.0"),
        *structure,
    ]
    for name, value in fields:
        if value or name == "Subject":
            built[name] = value
