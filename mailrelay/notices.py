"""Notices to owners: made where an answer is held or fails, and not too many of them."""

from collections.abc import Callable
from datetime import datetime

from mailrelay.checks.rates import LeakyBucket
from mailrelay.directory import Directory
from mailrelay.links import Links
from mailrelay.queue.entry import Direction, MessageRecord, NewMessage, QueuedMessage
from mailrelay.rewriting.notice import NoticeFacts, build_notice
from mailrelay.rewriting.scrub import Hit

# Strangers decide how often these come, so each address brings an owner few of them.
_A_FEW = 3
_HOUR_S = 3600.0
_SEEN_BY_STRANGERS = frozenset({"owner-not-authenticated", "encryption-key-unusable"})
# Of these nothing is left to decide.
_WITHOUT_LINK = frozenset({"delivery-failed", "encryption-key-unusable"})


class OwnerNotices:
    """Writes notices in the owner's language.

    Args:
        directory: Knows domains and owners.
        relay_domain: Domain of notices.
        clock: Gives aware UTC.
        links: Makes links to the pages for owners; None where there are no pages.
    """

    def __init__(
        self,
        directory: Directory,
        relay_domain: str,
        clock: Callable[[], datetime],
        links: Links | None = None,
    ) -> None:
        self._directory = directory
        self._relay_domain = relay_domain
        self._clock = clock
        self._links = links
        self._few = LeakyBucket(_A_FEW, _HOUR_S, clock)

    async def about(
        self,
        message: QueuedMessage | MessageRecord,
        reason: str,
        hits: tuple[Hit, ...] = (),
        places: tuple[str, ...] = (),
    ) -> list[NewMessage]:
        """Return the notice about a message of or to an owner; none where he is gone, or got enough of them.

        Args:
            message: It was held or failed.
            reason: kebab-case, as of `AnswerHeld`.
            hits: What of the owner would show.
            places: Where the reason stands, in words that name nobody.
        """
        owner = await self._directory.owner(message.relay_id)
        route = await self._directory.find(message.recipient)
        if owner is None or owner.owner_id != message.owner_id:
            return []
        if reason in _SEEN_BY_STRANGERS and self._few.add(message.recipient.lower()):
            return []
        now = self._clock()
        links = None if reason in _WITHOUT_LINK else self._links
        link = links.at(owner.pages_host).confirm(message.id, now) if links else ""
        notice = build_notice(
            NoticeFacts(
                route.domain if route else "",
                self._relay_domain,
                reason,
                now,
                owner.language,
                link,
                hits,
                places,
            )
        )
        return [
            NewMessage(
                direction=Direction.NOTICE,
                owner_id=message.owner_id,
                relay_id=message.relay_id,
                recipient="",
                reverse_path="",
                raw=notice.raw,
                size_octets=len(notice.raw),
                about_id=message.id,
            )
        ]
