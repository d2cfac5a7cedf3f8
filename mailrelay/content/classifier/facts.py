"""What is known of a message beside its words, as short names that are hashed like its 4-grams.

A fact says what kind of thing is there, never who it is: a model that learns names of senders and hosts
looks good on the mail it was made from, and knows nobody in tomorrow's.
"""

from collections.abc import Iterator

from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

_MOST_HOSTS = 20
_MOST_FILES = 10


def facts(message: RawMessage, content: Content, rules: tuple[str, ...]) -> set[str]:
    """Return the facts of a message; `rules` are the names of the rules that hold for it."""
    return {*_of_sender(message, content), *_of_body(message, content), *(f"rule:{name}" for name in rules)}


def _of_sender(message: RawMessage, content: Content) -> Iterator[str]:
    domain = content.from_address.rpartition("@")[2]
    yield f"from-tld:{domain.rpartition('.')[2][:10]}"
    yield f"from-name:{_kind_of_name(content.from_name)}"
    if content.reply_to:
        same = any(address.rpartition("@")[2] == domain for address in content.reply_to)
        yield f"reply-to:{'same' if same else 'other'}-domain"
    id_domain = message.first("Message-ID")[-200:].strip(" <>").rpartition("@")[2].lower()
    if not id_domain:
        yield "message-id:none"
    elif id_domain == domain:
        yield "message-id:same-domain"
    else:
        related = id_domain.endswith(f".{domain}") or domain.endswith(f".{id_domain}")
        yield f"message-id:{'related' if related else 'other'}-domain"


def _kind_of_name(name: str) -> str:
    if not name:
        return "none"
    if "@" in name:
        return "address"
    if not name.isascii():
        return "foreign"
    return f"words-{min(len(name.split()), 4)}"


def _of_body(message: RawMessage, content: Content) -> Iterator[str]:
    kind, _, parameters = message.first("Content-Type")[:300].lower().partition(";")
    yield f"type:{kind.strip()[:40]}"
    _, found, charset = parameters.partition("charset=")
    charset = charset.partition(";")[0].strip(' "')[:20]
    yield f"charset:{charset if found else 'none'}"
    yield f"encoding:{message.first('Content-Transfer-Encoding')[:20].strip().lower()}"
    yield f"links:{min(len(content.urls), 20).bit_length()}"
    yield f"images:{min(content.html.images, 40).bit_length()}"
    yield f"length:{min(len(content.text), 1 << 15).bit_length()}"
    for host in content.hosts[:_MOST_HOSTS]:
        yield f"link-tld:{host.rpartition('.')[2][:10]}"
    if content.hosts and "@" in content.from_address:
        domain = _last_labels(content.from_address.rpartition("@")[2])
        own = sum(_last_labels(host) == domain for host in content.hosts)
        yield f"links-to-author:{'none' if not own else 'all' if own == len(content.hosts) else 'some'}"
    for attachment in content.attachments[:_MOST_FILES]:
        yield f"file:{attachment.content_type[:40]}"


def _last_labels(host: str) -> str:
    """Return what mostly is the registered domain; a list of suffixes would cost more than it tells."""
    return ".".join(host.split(".")[-2:])
