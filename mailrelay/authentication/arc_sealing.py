"""Add a set to an Authenticated Received Chain (RFC 8617 section 5.1): off unless the operator wants it.

A relay that rewrites From and signs under its own domain passes DMARC without a seal. Tags stand in
alphabetical order, folded only between tags, so that the relaxed form of a field is known before it is
written; ValiMail's suite wants the same.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from mailrelay.authentication.arc import MAX_SETS, RESULTS, SEAL, SIGNATURE, collect_sets
from mailrelay.authentication.canonical import canonical_header
from mailrelay.authentication.keys import Unusable
from mailrelay.authentication.results import Result
from mailrelay.authentication.results_field import statements
from mailrelay.authentication.signature import SignedMessage
from mailrelay.message import HeaderField, RawMessage

# Section 4.1.2: DKIM signatures should be covered, Authentication-Results and the fields of ARC must not be.
COVERED = (
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding", "dkim-signature",
)  # fmt: skip
_ORDER = (RESULTS, SIGNATURE, SEAL)
_CONTINUED = frozenset({Result.NONE, Result.PASS})


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who seals: domain (`d=`), selector (`s=`) and private key."""

    domain: str
    selector: str
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        """Value of `a=`."""
        return "rsa-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ed25519-sha256"

    def sign(self, digest: bytes) -> str:
        """Return the signature over a SHA-256 digest in base64."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            proof = self.key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        else:
            proof = self.key.sign(digest)
        return b64encode(proof).decode("ascii")


@dataclass(frozen=True, slots=True)
class Findings:
    """What a new set says of a message, as it was when it came.

    Attributes:
        results: Value of our Authentication-Results field.
        status: What validation of the chain gave, `cv=`.
    """

    results: str
    status: Result


def findings_of(results: str) -> Findings | None:
    """Return what a set can say by our Authentication-Results value; None where no set may follow.

    Without a word of ARC there was no chain. After a failed one a set would only repeat that it failed
    (section 5.1.2): nobody is helped by it.
    """
    status = next((said.result for said in statements(results) if said.method == "arc"), Result.NONE.value)
    if not results or status not in _CONTINUED:
        return None
    return Findings(results, Result(status))


def seal(  # noqa: PLR0913, PLR0917 - what a set is made of
    message: RawMessage,
    results: str,
    status: Result,
    sealer: Sealer,
    now: datetime,
    covered: Sequence[str] = COVERED,
    body_hash: bytes | None = None,
) -> RawMessage:
    """Return the message with one more ARC set on top; unchanged where the chain cannot be continued.

    Args:
        message: As it will leave, line ends CRLF.
        results: Value of our Authentication-Results field.
        status: What validation of the chain gave: none, pass or fail.
        sealer: Who seals.
        now: Aware UTC.
        covered: Names of the fields to cover, lower case; each occurrence is covered.
        body_hash: SHA-256 digest of the relaxed body, where it is known.
    """
    signed = SignedMessage(message, body_hash)
    try:
        chain = collect_sets(signed)
        number = max(chain, default=0) + 1
        if number > MAX_SETS or (chain and _failed_before(signed, chain[number - 1])):
            return message
    except Unusable:
        return message
    return message.with_first(*_new_set(signed, chain, number, results, status, sealer, now, covered))


def _new_set(  # noqa: PLR0913, PLR0917 - what a set is made of
    signed: SignedMessage,
    chain: dict[int, dict[str, HeaderField]],
    number: int,
    results: str,
    status: Result,
    sealer: Sealer,
    now: datetime,
    covered: Sequence[str],
) -> tuple[HeaderField, HeaderField, HeaderField]:
    common = {
        "a": sealer.algorithm,
        "d": sealer.domain,
        "i": str(number),
        "s": sealer.selector,
        "t": str(int(now.timestamp())),
    }
    told = HeaderField.make("ARC-Authentication-Results", f"i={number}; {results}")
    names = [name for name in covered for _ in signed.named(name)]
    body_hash = b64encode(signed.body_hash("relaxed")).decode("ascii")
    tags = {**common, "bh": body_hash, "c": "relaxed/relaxed", "h": ":".join(names), "b": ""}
    digest = signed.header_hash(names, "relaxed", _field("ARC-Message-Signature", tags))
    signature = _field("ARC-Message-Signature", {**tags, "b": sealer.sign(digest)})
    # Section 5.1.2: the seal of a broken chain covers its own set alone.
    before = [] if status is Result.FAIL else [chain[at][name] for at in sorted(chain) for name in _ORDER]
    tags = {**common, "cv": status.value, "b": ""}
    unsealed = canonical_header(_field("ARC-Seal", tags).raw, "relaxed").removesuffix(b"\r\n")
    whole = b"".join(canonical_header(field.raw, "relaxed") for field in (*before, told, signature))
    seal_field = _field("ARC-Seal", {**tags, "b": sealer.sign(hashlib.sha256(whole + unsealed).digest())})
    return seal_field, signature, told


def _failed_before(signed: SignedMessage, latest: dict[str, HeaderField]) -> bool:
    return SEAL not in latest or signed.tags(latest[SEAL]).get("cv", "").lower() == "fail"


def _field(name: str, tags: dict[str, str]) -> HeaderField:
    return HeaderField.make(name, ";\r\n ".join(f"{tag}={tags[tag]}" for tag in sorted(tags)))
