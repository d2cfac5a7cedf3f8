"""What is known when a message is passed on, and what its owner wishes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailrelay.rewriting.encryption import EncryptionKey


@dataclass(frozen=True, slots=True)
class ForwardFacts:
    """What is known when a message is passed on.

    Attributes:
        domain: The owner's registered domain, as shown.
        relay_address: Address written to.
        reply_address: Address by which the owner answers this correspondent.
        relay_host: Our name in Received, Authentication-Results.
        authentication: Value of our Authentication-Results field; empty adds none.
        verdicts: What the checks said, as `check=action (reason)`.
        protocol: By which it came (RFC 3848, RFC 6531 section 4.3).
        keeps_chain: Whether an ARC set of ours is to follow those that the message has (RFC 8617).
        score: What the content weighed; None where it is not known.
        language: BCP 47 tag of the owner's language.
        banner: Whether he wants a banner.
        attach_original: Whether he wants the message attached as it came, as evidence of abuse.
        key: What he wants his mail encrypted with; None for clear mail.
        answer_url: Page to answer in the browser; it is a secret of his. Empty for none.
        block_url: Page that blocks the correspondent, one POST is enough (RFC 8058). Empty for none.
        hint_key: Secret of 16 to 64 octets for this owner alone, to mark what came to several of his domains.
            Empty for no mark.
        owners_ids: From our Message-IDs of answers that the message names to those of the owner's program.
    """

    domain: str
    relay_address: str
    reply_address: str
    relay_host: str
    authentication: str
    verdicts: tuple[str, ...]
    queue_id: str
    received_at: datetime
    protocol: str = "ESMTP"
    keeps_chain: bool = False
    score: float | None = None
    language: str = "en"
    banner: bool = False
    attach_original: bool = False
    key: EncryptionKey | None = None
    answer_url: str = field(default="", repr=False)
    block_url: str = field(default="", repr=False)
    hint_key: bytes = field(default=b"", repr=False)
    owners_ids: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def packs_anew(self) -> bool:
        """Whether anything is to stand around the body; else the header alone changes."""
        return self.banner or self.attach_original or self.key is not None

    @property
    def author_verdict(self) -> str:
        """The result of DMARC for the author (RFC 8601 section 2.7), `none` where nobody asked.

        `confirmed` where he has said himself, in a letter's link, that the message is his.
        """
        if "x-confirmed=pass" in self.authentication:
            return "confirmed"
        # Our own field: no value that a stranger chose has an equals sign (`authentication.results_header`).
        result = self.authentication.partition("dmarc=")[2].partition(" ")[0].partition(";")[0]
        return result.strip() or "none"
