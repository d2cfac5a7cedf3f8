"""What a stranger has filled in, as a message (RFC 5322) from his mailbox.

No octet of his reaches the header but as part of a mailbox, an encoded word or a parameter (RFC 2231) that is
made here, so nothing that he writes can end a field. To is added when the owner's address is known.
"""

import re
import secrets
from datetime import datetime
from email import policy
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from mailrelay.addresses import encoded, format_mailbox
from whoisproxy.domain.contact_form import LONGEST_FILE_NAME, Attachment, Kind, Written
from whoisproxy.i18n import N_, translations

SUBJECTS = {
    Kind.BUY: N_("Enquiry about buying %(domain)s"),
    Kind.LEGAL: N_("Legal notice about %(domain)s"),
    Kind.ABUSE: N_("Abuse report about %(domain)s"),
    Kind.TECHNICAL: N_("Technical problem with %(domain)s"),
    Kind.OTHER: N_("Message about %(domain)s"),
}
# A declared type is believed as far as it names a file; what would be read as part of the message is not.
_MEDIA_TYPE = re.compile(r"(?:application|image|audio|video|font|text)/[a-z0-9][a-z0-9.+-]{0,60}")
_ANY = "application/octet-stream"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\"\\/:*?<>|;]+"
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._()-]{0,40}")  # nowhere to be folded
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


def build_message(written: Written, message_domain: str, now: datetime) -> bytes:
    """Return the message with CRLF, without To.

    Args:
        written: What was filled in.
        message_domain: Right side of its Message-ID.
        now: Aware UTC.
    """
    message = _body(written)
    language = written.language
    subject = translations(language).gettext(SUBJECTS[written.kind]) % {"domain": written.domain}
    message["From"] = _folded(format_mailbox(written.name, written.mailbox))
    message["Subject"] = _folded(encoded(subject)) if not subject.isascii() else subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{message_domain}>"
    message["Content-Language"] = language
    return message.as_bytes(policy=policy.compat32.clone(linesep="\r\n"))


def file_name(name: str) -> str:
    """Return the name of a file without its folders and whatever a program could mistake."""
    last = re.split(r"[/\\]", name)[-1]
    kept = " ".join(_NOT_IN_NAMES.sub(" ", last).split()).strip(" .")
    return kept[-LONGEST_FILE_NAME:] or "attachment"


def _body(written: Written) -> Message:
    text = MIMEText(_lines(written.text), "plain", None)
    del text["Content-Transfer-Encoding"]
    text.set_payload(_lines(written.text), _UTF8)
    if not written.attachments:
        return text
    message = MIMEMultipart()
    message.attach(text)
    for one in written.attachments:
        message.attach(_attached(one))
    return message


def _attached(attachment: Attachment) -> MIMEBase:
    media_type = attachment.media_type.lower()
    main, _, sub = (media_type if _MEDIA_TYPE.fullmatch(media_type) else _ANY).partition("/")
    part = MIMEBase(main, sub)
    part.set_payload(attachment.content)
    encode_base64(part)
    name = file_name(attachment.name)
    # Old programs do not read RFC 2231, and most names do not need it.
    shown = name if _PLAIN_NAME.fullmatch(name) else ("utf-8", "", name)
    part.add_header("Content-Disposition", "attachment", filename=shown)
    return part


def _lines(text: str) -> str:
    """Return text with a line feed for every line end, and without what is no character of a text."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip() + "\n"


def _folded(value: str) -> str:
    return value.replace("\r", "")
