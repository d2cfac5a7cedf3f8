"""Recognise the same text sent to many relay addresses: what no single mailbox can see.

How many they are is evidence; what follows is decided by `spam-decision`. In memory of this process, bounded
in entries and time; texts themselves are not kept, only sketches.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from mailrelay.checks.rates import Clock
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.content.similarity import Sketch, resemblance, sketch

_INDEXED = 12  # hashes per sketch by which candidates are found: enough to meet a text that is half the same
_MAX_PER_HASH = 200  # what stands in thousands of texts, such as the host of a picture, says little
_MAX_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class BulkLimits:
    """What counts as the same text, and for how long.

    Attributes:
        similar: Share of common text from which on two texts count as the same, 0 to 1.
        window_s: How long a text is remembered after it was last seen.
        max_texts: Texts remembered; the one seen longest ago is forgotten first.
    """

    similar: float = 0.5
    window_s: float = 24 * 3600.0
    max_texts: int = 20_000


@dataclass(slots=True)
class _Text:
    sketch: Sketch
    relays: dict[str, float] = field(default_factory=dict)  # relay id → last seen, seconds


class SeenTexts:
    """Texts of the window, found again by any of their smallest hashes."""

    def __init__(self, limits: BulkLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._texts: OrderedDict[int, _Text] = OrderedDict()
        self._by_hash: dict[int, list[int]] = {}
        self._next = 0

    def add(self, what: Sketch, relay_ids: Iterable[str]) -> int:
        """Record that a text was sent to relays; return how many relays had it within the window."""
        now_s = self._clock().timestamp()
        self._forget(now_s)
        number = self.find(what)
        if number is None:
            number = self._remember(what)
        text = self._texts[number]
        self._texts.move_to_end(number)
        text.relays.update(dict.fromkeys(relay_ids, now_s))
        oldest_s = now_s - self._limits.window_s
        text.relays = {relay: seen for relay, seen in text.relays.items() if seen > oldest_s}
        return len(text.relays)

    def relays(self, what: Sketch) -> int:
        """Return how many relays have had a text, without remembering that it came again."""
        number = self.find(what)
        return len(self._texts[number].relays) if number is not None else 0

    def __len__(self) -> int:
        return len(self._texts)

    def find(self, what: Sketch) -> int | None:
        """Return the number of the text that is most like it, None where none is like enough."""
        # Those that share most of the indexed hashes come first; of equals, those that came last.
        met = [self._by_hash[value][-_MAX_PER_HASH:] for value in what[:_INDEXED] if value in self._by_hash]
        shared = Counter(chain.from_iterable(met))
        candidates = sorted(shared, key=lambda number: (shared[number], number))[-_MAX_CANDIDATES:]
        similar = self._limits.similar
        ranked = [(resemblance(what, self._texts[number].sketch, similar), -number) for number in candidates]
        best = max(ranked, default=(0.0, 0))
        return -best[1] if best[0] >= similar else None

    def _remember(self, what: Sketch) -> int:
        number, self._next = self._next, self._next + 1
        self._texts[number] = _Text(what)
        for value in what[:_INDEXED]:
            self._by_hash.setdefault(value, []).append(number)
        if len(self._texts) > self._limits.max_texts:
            self._drop_oldest()
        return number

    def _forget(self, now_s: float) -> None:
        while self._texts:
            oldest = next(iter(self._texts.values()))
            if max(oldest.relays.values(), default=0.0) > now_s - self._limits.window_s:
                return
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        number, text = self._texts.popitem(last=False)
        for value in text.sketch[:_INDEXED]:
            self._by_hash[value].remove(number)
            if not self._by_hash[value]:
                del self._by_hash[value]


class BulkSimilarity:
    """Count the other relay addresses to which the text of a message went."""

    name = "bulk-similarity"

    def __init__(self, limits: BulkLimits, clock: Clock) -> None:
        self._seen = SeenTexts(limits, clock)

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Remembers what comes to relay addresses; the owner's answers are nobody's bulk mail."""
        what = sketch(context.content)
        if not what:
            return None
        relays = [route.relay_id for route in context.relay_routes]
        others = self._seen.add(what, relays) - len(relays) if relays else self._seen.relays(what)
        return Verdict(self.name, Action.ACCEPT, "same-text", score=float(others)) if others else None
