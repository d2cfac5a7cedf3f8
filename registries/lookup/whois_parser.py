"""A program that parses WHOIS answers by python-whois: a line of JSON in, a line of JSON out.

Whoever starts it kills it when it takes too long: its patterns need minutes for some answers, so long lines
are cut before. Its memory is limited. It opens no connection.
"""

import json
import logging
import resource
import sys
from collections.abc import Iterable, Iterator

from whois.parser import WhoisEntry

_MOST_MEMORY = 512 * 2**20


def values_of(domain: str, text: str) -> list[str]:
    """Return the texts that python-whois finds in an answer; none where it fails."""
    try:
        return list(dict.fromkeys(_texts(WhoisEntry.load(domain, text).values())))
    except Exception:  # noqa: BLE001 - it raises whatever its patterns meet, also for a domain that is free
        return []


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple | set):
            yield from _texts(value)


def main() -> None:
    """Answer until there are no more questions."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    logging.disable()
    for question in sys.stdin:
        sys.stdout.write(json.dumps(values_of(*json.loads(question))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
