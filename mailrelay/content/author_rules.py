"""Rules about who says that he writes, and where answers and links lead."""

import re

from mailrelay.addresses import address_pairs
from mailrelay.content.borrowed_names import Likeness, borrowed_in_name, likeness, mixes_scripts
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

_FREE_MAIL = re.compile(
    r"@(?:gmail|hotmail|outlook|yahoo|aol|gmx|web|mail|yandex|qq|163|126)\.", re.IGNORECASE
)
_SHOWN_MAILBOX = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63})+)")
_MOST_HOSTS = 20
_MOST_TO = 4_000  # characters


def other_reply_to(_: RawMessage, content: Content) -> bool:
    """Answers go to a free mailbox of another name than the author's."""
    author = content.from_address
    return any(
        _FREE_MAIL.search(address) and address.rpartition("@")[2] != author.rpartition("@")[2]
        for address in content.reply_to
    )


def name_shows_other_address(_: RawMessage, content: Content) -> bool:
    """The display name is, or holds, a mailbox of another domain."""
    if "@" not in content.from_name:
        return False
    shown = _SHOWN_MAILBOX.search(content.from_name)
    return shown is not None and not content.from_address.endswith(shown.group(1).lower())


def name_claims_brand(_: RawMessage, content: Content) -> bool:
    """The display name has a known name that the author's domain has nowhere."""
    return bool(content.from_name) and borrowed_in_name(content.from_name, _domain(content.from_address))


def look_alike_sender(_: RawMessage, content: Content) -> bool:
    """The domain of the author, or of where answers go, is read as a known one."""
    domains = {_domain(address) for address in (content.from_address, *content.reply_to)}
    return any(likeness(domain) is Likeness.LOOK_ALIKE for domain in domains)


def look_alike_link(_: RawMessage, content: Content) -> bool:
    """A link leads to what is read as a known host, or mixes scripts to be."""
    hosts = content.hosts[:_MOST_HOSTS]
    return any(likeness(host) is Likeness.LOOK_ALIKE or mixes_scripts(host) for host in hosts)


def borrowed_name(_: RawMessage, content: Content) -> bool:
    """A known name stands in front of somebody else's domain, or within it."""
    hosts = (_domain(content.from_address), *content.hosts[:_MOST_HOSTS])
    return any(likeness(host) is Likeness.BORROWED for host in hosts)


def writes_as_recipient(message: RawMessage, content: Content) -> bool:
    """The author gives the recipient's address as his own."""
    author, to = content.from_address, message.first("To")[:_MOST_TO]
    if not author or author not in to.lower():
        return False
    return any(address.strip().lower() == author for _, address in address_pairs(to))


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
