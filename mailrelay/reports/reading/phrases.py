"""What mail servers write, by reason: the order in which the tables of phrases are tried.

The first row that matches decides: certain words, the same in other languages, and at the end words that
every refusal may hold. Facts seen in real reports. Addresses are replaced by ADDR, white space is one blank
and accents are gone before a text is compared; every gap is bounded, so that hostile text costs no more than
its length.
"""

import re

from mailrelay.reports.reading.patterns import either, without_accents
from mailrelay.reports.reading.phrases_certain import ROWS as CERTAIN
from mailrelay.reports.reading.phrases_languages import ROWS as LANGUAGES
from mailrelay.reports.reading.phrases_vague import ROWS as VAGUE

# Words in capitals stand in the tables for one of these.
_WORDS = {
    "WHO": r"(?:user|recipient|mail ?box|address|account|addressee|alias|login|destinataire|person"
    r"|subscriber|customer|userid|local.?part|mail ?drop)",
    "BOX": r"(?:mail ?box|mail ?folder|in ?box|mail ?drop|folder|account|user|recipient|storage|directory)",
    "SITE": r"(?:host|domain|system)",
    "SENDER": r"(?:sender|return.path|(?:envelope|header|mail).from|from (?=address|domain|header))",
    "ABSENT": r"(?:unknown?|unkown"
    r"|not (?:be )?(?:found|known|exists?|recogni[sz]ed|listed|on file|valid|registered|here|find)"
    r"|(?:does|do|did)(?: not|n't) (?:exist|match|have)|non-?existent"
    r"|(?:could|can)(?: ?not|n't|.t) be found|wasn.t found)",
    "WRONG": r"(?:unknown?|unkown|no such|wrong|invalid|illegal|bad|non-?existent|unrouteable|unroutable)",
    "REFUSED": r"(?:reject|refus|denied|block|fail|prohib|disallow)",
    "CLOSED": r"(?:disabled|suspend\w*|discontinued|inactive|frozen|locked|deactivated|terminated|not active"
    r"|closed|cancell?ed|dormant|expired|temporarily (?:unavailable|blocked)|no longer active|on hold)",
}


def _compiled(phrases: tuple[str, ...]) -> re.Pattern[str]:
    pattern = without_accents(either(*phrases))
    for name, words in _WORDS.items():
        pattern = pattern.replace(name, words)
    return re.compile(pattern, re.IGNORECASE)


PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, _compiled(phrases)) for reason, phrases in (*CERTAIN, *LANGUAGES, *VAGUE)
)
"""(reason, what to search for), in the order in which they are tried."""
