"""The text of an answer in both its forms, made from the blocks that the owner's message shows."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailrelay.rewriting.reply.markup import Markup, made_anew
from mailrelay.rewriting.reply.plain import text_of
from mailrelay.rewriting.reply.quotes import Quotes
from mailrelay.rewriting.reply.reading import Shown
from mailrelay.rewriting.reply.signature import without_signature

# Outlook names pictures so in plain text; the name tells of its computer.
_PICTURE = re.compile(r"\[cid:[^\]\s]{1,250}\]")
_LINE_END = "\n"
_LINE_BREAK = "<br>\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """What the correspondent will read.

    Attributes:
        plain: As text.
        html: The same as HTML; None where the owner wrote none, or it is not wanted.
        flowed: The lines of `plain` are format=flowed (RFC 3676).
        pictures: Content-IDs, the owner's, of the pictures that the HTML shows.
        unwanted: Content-IDs that his HTML named where nothing is shown any more, as in a signature.
    """

    plain: str
    html: str | None
    flowed: bool
    pictures: frozenset[str]
    unwanted: frozenset[str]


def letter_of(
    blocks: Sequence[Shown], quotes: Quotes, new_ids: Mapping[str, str], *, plain_only: bool
) -> Letter:
    """Return the letter, without signatures and with quotes put right.

    Args:
        blocks: What the owner's message shows.
        quotes: Puts them right.
        new_ids: New Content-IDs of the pictures there are, by the old ones.
        plain_only: HTML is made text.

    Raises:
        AnswerHeld: HTML that cannot be read.
    """
    shown = [block for block in blocks if block.plain is not None or block.html]
    markups = [[made_anew(document, quotes, new_ids) for document in block.html] for block in shown]
    plain = [_plain(block, markup, quotes) for block, markup in zip(shown, markups, strict=True)]
    made = [one for markup in markups for one in markup]
    seen = frozenset(picture for one in made for picture in one.pictures)
    return Letter(
        plain="\n".join(plain),
        html=None if plain_only or not made else "\n".join(map(_html, markups, plain)),
        flowed=bool(shown) and all(block.flowed and block.plain is not None for block in shown),
        pictures=frozenset() if plain_only else seen,
        unwanted=frozenset(picture for one in made for picture in one.named) - seen,
    )


def _plain(block: Shown, markups: Sequence[Markup], quotes: Quotes) -> str:
    if block.plain is None or (markups and not block.plain.strip()):
        # Made of what is left of the HTML, where everything is put right already.
        return "\n".join([text_of(one.html) for one in markups])
    # Quotes first: only then does each line above a quote stand in one piece, and end a signature.
    return without_signature(quotes.text(_PICTURE.sub("[image]", block.plain)))


def _html(markups: Sequence[Markup], plain: str) -> str:
    if markups:
        return "\n".join([one.html for one in markups])
    return f"<div>{_LINE_BREAK.join(html.escape(plain).split(_LINE_END))}</div>"
