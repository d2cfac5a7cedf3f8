"""A message as it is learned: read once more, by the rules and the model that would judge it."""

from mailrelay.content.classifier.grams import grams, normal_form
from mailrelay.content.classifier.learned import Lesson
from mailrelay.content.classifier.model import BUCKETS, SpamModel, buckets
from mailrelay.content.reading import read_content
from mailrelay.content.score import rule_hits, together
from mailrelay.message import RawMessage


def lesson_of(
    message: RawMessage, shipped: SpamModel, *, spam: bool, slots: int, words_only: bool = False
) -> Lesson:
    """Return what a message teaches.

    Args:
        message: As it came; or as its owner has it, whose header is ours.
        shipped: The model that is learned upon.
        spam: What it is.
        slots: Bits of the teacher.
        words_only: Learn nothing from its header.
    """
    content = read_content(message)
    hits = rule_hits(message, content)
    if words_only:
        mine = sorted(one % BUCKETS for one in grams(normal_form(content)))
        return Lesson(mine, shipped.score_of(mine), spam, slots)
    mine = buckets(message, content, tuple([name for name, _ in hits]))
    return Lesson(mine, together(shipped.score_of(mine), hits), spam, slots)
