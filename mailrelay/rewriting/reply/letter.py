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
    shown = [block for block in blocks if block.plain is not None or block.html is not None]
    markups = [None if block.html is None else made_anew(block.html, quotes, new_ids) for block in shown]
    plain = [_plain(block, markup, quotes) for block, markup in zip(shown, markups, strict=True)]
    made = [markup for markup in markups if markup is not None]
    seen = frozenset(one for markup in made for one in markup.pictures)
    return Letter(
        plain="\n".join(plain),
        html=None if plain_only or not made else "\n".join(map(_html, markups, plain)),
        flowed=bool(shown) and all(block.flowed and block.plain is not None for block in shown),
        pictures=frozenset() if plain_only else seen,
        unwanted=frozenset(one for markup in made for one in markup.named) - seen,
    )


def _plain(block: Shown, markup: Markup | None, quotes: Quotes) -> str:
    if block.plain is None or (markup is not None and not block.plain.strip()):
        # Made of what is left of the HTML, where everything is put right already.
        return text_of(markup.html) if markup is not None else ""
    # Quotes first: only then does each line above a quote stand in one piece, and end a signature.
    return without_signature(quotes.text(_PICTURE.sub("[image]", block.plain)))


def _html(markup: Markup | None, plain: str) -> str:
    if markup is not None:
        return markup.html
    return f"<div>{_LINE_BREAK.join(html.escape(plain).split(_LINE_END))}</div>"
