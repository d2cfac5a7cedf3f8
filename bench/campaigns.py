"""Campaigns of spam: the same letter to many owners, varied as spammers vary it.

A campaign is a spam template of `bench/spam/templates` with its choices made once. Each copy has names,
domains, links, prices and dates of its own; besides, a campaign has some of the tricks of `_TRICKS`, with a
strength of its own. The same seed makes the same mail.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.spam.letters import ENCODINGS, FOLDER, chosen, slots_of

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?]) +")
_LOOK_ALIKE = str.maketrans("aceopxyi", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456")
_UNSEEN = "\u200b\u200c\u00ad\u2060"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign.

    Attributes:
        language: Of its template.
        text: The letter, with slots in braces.
        tricks: Names of `_TRICKS`.
        strength: Share of words or sentences that a trick changes, 0 to 1.
    """

    language: str
    subject: str
    text: str
    tricks: tuple[str, ...]
    strength: float

    def copy(self, chance: random.Random) -> bytes:
        """Return one copy as a message."""
        slots = slots_of(self.language, chance, office=False)
        text = self.text.format_map(slots)
        for trick in self.tricks:
            text = _TRICKS[trick](text, self.strength, chance)
        body, fields = chance.choice(ENCODINGS)(text, chance)
        head = f"From: {slots['sender']} <{slots['mail']}>\r\nSubject: {self.subject.format_map(slots)}\r\n"
        return f"{head}Message-ID: <{chance.randrange(10**12)}@mx.example>\r\n{fields}\r\n".encode() + body


def campaigns(count: int, chance: random.Random) -> Iterator[Campaign]:
    """Yield campaigns: every second has one trick, every fourth two."""
    templates = [
        (path.stem.split("_")[1], letter)
        for path in sorted(FOLDER.glob("spam_*.toml"))
        for letter in tomllib.loads(path.read_text("utf-8"))["letter"]
    ]
    for number in range(count):
        language, letter = templates[number % len(templates)]
        tricks = chance.sample(list(_TRICKS), (0, 1, 0, 2)[number % 4])
        yield Campaign(
            language,
            chosen(letter["subject"], chance),
            chosen(letter["text"], chance),
            tuple(tricks),
            chance.uniform(0.05, 0.3),
        )


def _each_word(text: str, change: Callable[[str], str], share: float, chance: random.Random) -> str:
    return _WORD.sub(lambda word: change(word[0]) if chance.random() < share else word[0], text)


def _other_words(text: str, strength: float, chance: random.Random) -> str:
    """Put one of three other words for a word, as programs that spin texts do."""
    return _each_word(text, lambda word: word + chance.choice(("en", "ly", "ish")), strength / 2, chance)


def _order(text: str, strength: float, chance: random.Random) -> str:
    """Change the order of sentences."""
    sentences = _SENTENCE.split(text)
    for _ in range(1 + int(strength * len(sentences))):
        one, two = chance.randrange(len(sentences)), chance.randrange(len(sentences))
        sentences[one], sentences[two] = sentences[two], sentences[one]
    return " ".join(sentences)


def _look_alikes(text: str, strength: float, chance: random.Random) -> str:
    """Write words with letters of another alphabet."""
    return _each_word(text, lambda word: word.translate(_LOOK_ALIKE), strength, chance)


def _unseen(text: str, strength: float, chance: random.Random) -> str:
    """Put characters without width into words."""
    return _each_word(text, lambda word: word[:1] + chance.choice(_UNSEEN) + word[1:], strength, chance)


def _noise(text: str, strength: float, chance: random.Random) -> str:
    """Add words that mean nothing, up to as many as the letter has, above or below it."""
    count = int(len(text.split()) * strength * 3)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choice(letters) for _ in range(chance.randrange(3, 10))) for _ in range(count)]
    noise = " ".join(words)
    return f"{noise}\n\n{text}" if chance.random() < 0.5 else f"{text}\n\n{noise}"


_TRICKS: dict[str, Callable[[str, float, random.Random], str]] = {
    "other words": _other_words,
    "order": _order,
    "look-alikes": _look_alikes,
    "unseen": _unseen,
    "noise": _noise,
}
