"""What DKIM signatures and the fields of ARC have in common (RFC 6376 sections 3.5, 3.7 and 6.1).

`SignedMessage` holds what all signatures of one message hash, made once; `Signature` is one field with its
tags read. Costs are bounded before anything is hashed: a stranger chooses how many names `h=` has, how long
the header is, and publishes the keys himself.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from mailrelay.authentication.canonical import canonical_body, canonical_header, without_signature
from mailrelay.authentication.keys import KeyRecord, KeyTexts, Unusable, decoded, usable_key
from mailrelay.authentication.names import a_labels
from mailrelay.authentication.results import Result
from mailrelay.authentication.tags import parse_tags
from mailrelay.message import HeaderField, RawMessage

THREAD_FROM_OCTETS = 256 * 1024
"""Bodies from this size on are hashed beside the event loop."""

_MAX_FIELDS = 1000  # more than twice what the checks let through
_MAX_HEADER_OCTETS = 256 * 1024
_MAX_SIGNED_NAMES = 500
_MAX_SIGNATURE_OCTETS = 16 * 1024
_CLOCK_SKEW_S = 300
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?")
_TIME = re.compile(r"[0-9]{1,12}")
_METHODS = frozenset({"simple", "relaxed"})


class SignedMessage:
    """One message while its signatures are looked at.

    Args:
        message: As received, or as it will be sent.
        body_hash: SHA-256 digest of its relaxed body, where it is known.

    Attributes:
        body: What follows the empty line.
        named: Gives the fields of a name in lower case, from the top.
        too_long: The header is beyond all use: nothing in it is looked at.
    """

    def __init__(self, message: RawMessage, body_hash: bytes | None = None) -> None:
        self.body = message.body
        self.named = message.named
        self._bodies: dict[str, bytes] = {} if body_hash is None else {"relaxed": body_hash}
        self._relaxed: dict[int, bytes] = {}
        self._tags: dict[int, dict[str, str] | None] = {}
        header_octets = len(message.raw) - len(message.body)
        self.too_long = len(message.fields) > _MAX_FIELDS or header_octets > _MAX_HEADER_OCTETS

    def tags(self, field: HeaderField) -> dict[str, str]:
        """Return the tags of a signature's field of this message.

        Raises:
            Unusable: It is no tag list, or longer than any signature.
        """
        if id(field) not in self._tags:
            usable = len(field.raw) <= _MAX_SIGNATURE_OCTETS
            value = field.raw.partition(b":")[2]
            self._tags[id(field)] = parse_tags(value.decode("latin-1")) if usable else None
        if (tags := self._tags[id(field)]) is None:
            raise Unusable(Result.PERMERROR, "tags")
        return tags

    def body_hash(self, method: str) -> bytes:
        """Return the SHA-256 digest of the canonical body."""
        if method not in self._bodies:
            self._bodies[method] = hashlib.sha256(canonical_body(self.body, method)).digest()
        return self._bodies[method]

    def header_hash(self, names: Sequence[str], method: str, own: HeaderField) -> bytes:
        """Return the SHA-256 digest of the fields that `h=` names and of the signature's own field.

        Each name takes the lowest field that is left (RFC 6376 section 5.4.2); the signature never covers
        itself by name.
        """
        covered: list[bytes] = []
        taken: dict[str, int] = {}
        for name in names:
            fields = self.named(name)
            if not fields:
                continue
            at = taken.get(name, len(fields)) - 1
            if at >= 0 and fields[at] is own:
                at -= 1
            if at < 0:
                taken[name] = 0
                continue
            taken[name] = at
            covered.append(self.canonical(fields[at], method))
        covered.append(canonical_header(without_signature(own.raw), method).removesuffix(b"\r\n"))
        return hashlib.sha256(b"".join(covered)).digest()

    def canonical(self, field: HeaderField, method: str) -> bytes:
        """Return a field of this message in canonical form."""
        if method == "simple":
            return field.raw
        if (kept := self._relaxed.get(id(field))) is None:
            kept = self._relaxed[id(field)] = canonical_header(field.raw, method)
        return kept


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature's field, its tags checked as far as DKIM and ARC agree.

    Attributes:
        kind: `rsa` or `ed25519`; the hash is SHA-256.
        domain: `d=`, lower case.
        selector: `s=`, lower case.
        names: Header names of `h=`, lower case; empty where there is none.
        methods: Canonicalisation of header and body.
    """

    field: HeaderField
    tags: dict[str, str]
    kind: str
    domain: str
    selector: str
    names: tuple[str, ...]
    methods: tuple[str, str]

    @classmethod
    def read(
        cls,
        signed: SignedMessage,
        field: HeaderField,
        required: Sequence[str],
        now: datetime,
        unsaid: str = "simple/simple",
    ) -> Self:
        """Read a field.

        Args:
            signed: The message that has the field.
            field: The whole field.
            required: Tags that must be there and not empty.
            now: Aware UTC, for `x=`.
            unsaid: Canonicalisation where there is no `c=`.

        Raises:
            Unusable: A tag is missing or wrong.
        """
        tags = signed.tags(field)
        if any(not tags.get(name) for name in required):
            raise Unusable(Result.PERMERROR, "tags")
        domain, selector = _name(tags["d"]), _name(tags["s"])
        if not _NAME.fullmatch(domain) or not _NAME.fullmatch(selector):
            raise Unusable(Result.PERMERROR, "no-domain-or-selector")
        algorithm = tags["a"].lower()
        if algorithm == "rsa-sha1":
            raise Unusable(Result.POLICY, "rsa-sha1")  # RFC 8301 section 3.1
        if algorithm not in {"rsa-sha256", "ed25519-sha256"}:
            raise Unusable(Result.PERMERROR, "algorithm")
        _check_times(tags, now)
        kind = algorithm.removesuffix("-sha256")
        names, methods = _names(tags.get("h", "")), _methods(tags.get("c", unsaid))
        return cls(field, tags, kind, domain, selector, names, methods)

    @property
    def key_name(self) -> str:
        """Domain name of the key record (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    def key(self, texts: KeyTexts) -> KeyRecord:
        """Return the key of this signature.

        Raises:
            Unusable: There is none that counts.
        """
        return usable_key(texts[self.key_name], self.kind)

    def check(self, signed: SignedMessage, key: KeyRecord) -> None:
        """Compare the body hash, then the signature over the header (RFC 6376 section 6.1.3).

        Raises:
            Unusable: They do not fit the message.
        """
        header_method, body_method = self.methods
        if signed.body_hash(body_method) != decoded(self.tags["bh"], "body-hash-syntax"):
            raise Unusable(Result.FAIL, "body-hash")
        digest = signed.header_hash(self.names, header_method, self.field)
        self.check_proof(digest, key)

    def check_proof(self, digest: bytes, key: KeyRecord) -> None:
        """Verify `b=` over a digest.

        Raises:
            Unusable: It is not the key's signature.
        """
        if not key.verifies(decoded(self.tags["b"], "signature-syntax"), digest):
            raise Unusable(Result.FAIL, "signature")


def _name(text: str) -> str:
    # RFC 8616 section 4: U-labels stand in UTF-8.
    return text.lower() if text.isascii() else a_labels(text.encode("latin-1").decode("utf-8", "replace"))


def _names(text: str) -> tuple[str, ...]:
    names = text.lower().split(":", _MAX_SIGNED_NAMES)
    if len(names) > _MAX_SIGNED_NAMES:
        raise Unusable(Result.PERMERROR, "too-many-names")
    return tuple(names) if " " not in text and "\t" not in text else tuple(name.strip() for name in names)


def _methods(text: str) -> tuple[str, str]:
    header, _, body = text.lower().partition("/")
    body = body or "simple"
    if header not in _METHODS or body not in _METHODS:
        raise Unusable(Result.PERMERROR, "canonicalisation")
    return header, body


def _check_times(tags: dict[str, str], now: datetime) -> None:
    times = {name: tags[name] for name in ("t", "x") if name in tags}
    if any(not _TIME.fullmatch(value) for value in times.values()):
        raise Unusable(Result.PERMERROR, "time")
    if "x" in times:
        if int(times["x"]) + _CLOCK_SKEW_S < now.timestamp():
            raise Unusable(Result.FAIL, "expired")
        if int(times["x"]) < int(times.get("t", "0")):
            raise Unusable(Result.PERMERROR, "time")
