"""Look at what a stranger has filled in: what is missing or cannot be used is told beside its field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from whoisproxy.domain.appearance import host_name
from whoisproxy.domain.contact_form import LONGEST_MAILBOX, LONGEST_NAME, LONGEST_TEXT, Kind
from whoisproxy.i18n import N_
from whoisproxy.portal.contact.reading import Excess, Filled

TRAP = "homepage"
"""A field that no person sees; who fills it in is a program."""

# RFC 5321 section 4.1.2, Dot-string: what mail programs give out, and nothing that needs quoting anywhere.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_LOCAL_PART = 64
_KINDS = {kind.value: kind for kind in Kind}
_EXCESSES = {
    Excess.FILES: N_("These are too many files. Choose fewer, or send a link to them."),
    Excess.OCTETS: N_("These files are too large together. Choose smaller ones, or send a link to them."),
}
_MAILBOX = N_("This address cannot be used. Answers go there, and first an email to confirm your message.")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was filled in, as far as it can be used.

    Attributes:
        errors: What is wrong, in English, by the name of its field.
    """

    name: str = field(repr=False)
    mailbox: str = field(repr=False)
    kind: Kind | None
    text: str = field(repr=False)
    errors: Mapping[str, str]


def checked(filled: Filled, relay_domain: str) -> Checked:
    """Return what was filled in; mailboxes of the relay itself are nobody's to write from."""
    fields = {name: filled.fields.get(name, "") for name in ("name", "mailbox", "kind", "message")}
    name = " ".join(fields["name"].split())
    mailbox = usable_mailbox(fields["mailbox"])
    kind, text = _KINDS.get(fields["kind"]), fields["message"].strip()
    at_relay = mailbox.rpartition("@")[2] == relay_domain
    errors: dict[str, str] = {}
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = N_("Please write your name, in at most 100 characters.")
    if not mailbox or at_relay:
        errors["mailbox"] = _MAILBOX
    if kind is None:
        errors["kind"] = N_("Please choose what it is about.")
    if not text:
        errors["message"] = N_("Please write a message.")
    elif len(text) > LONGEST_TEXT:
        errors["message"] = N_("This message is too long. Shorten it, or attach it as a file.")
    if filled.excess is not None:
        errors["files"] = _EXCESSES[filled.excess]
    return Checked(name, mailbox or fields["mailbox"].strip(), kind, text, errors)


def usable_mailbox(text: str) -> str:
    """Return a mailbox in ASCII, its domain in lower-case A-labels; "" for what cannot be one."""
    local_part, _, domain = text.strip().rpartition("@")
    name = host_name(domain) if ":" not in domain else ""
    mailbox = f"{local_part}@{name}"
    usable = _LOCAL_PART.fullmatch(local_part) and len(local_part) <= _LONGEST_LOCAL_PART and name
    return mailbox if usable and len(mailbox) <= LONGEST_MAILBOX else ""
