"""Tell a report about delivery from mail that merely mentions a failure.

Every sign alone has been seen on honest mail; two of them together have not.
"""

from collections.abc import Callable

from mailrelay.reports.reading.addresses import addresses_in, is_machine
from mailrelay.reports.reading.document import Document
from mailrelay.reports.reading.patterns import without_case

_ENOUGH = 2


_AUTHOR = without_case(
    r"mail(?:er)?[ ._-]?(?:deliver|daemon|system|admin|server)",
    "postmaster",
    "system administrator",
    "deliver",
)
_SUBJECT = without_case(
    r"undeliver",
    r"non-?deliver",
    r"returned mail",
    r"return(?:ed|ing) message",
    r"deliver\w* (?:\w+ )?(?:status|fail|report|notif|problem|error|delay)",
    r"(?:mail|message|delivery|send)\w*[ :,]{0,3}(?:system )?(?:error|fail|delay|problem|warning)",
    r"fail\w* (?:notice|mail|delivery|to)",
    r"not (?:be )?deliver",
    r"(?:could|can)(?: ?not|n't) (?:be )?(?:send|deliver|sent)",
    r"unzustellbar|nicht zu|non remis|[ée]chec de (?:la )?remise|non recapitabile|mancato recapito",
    r"no (?:se puede )?entreg|devuelto|n[ãa]o (?:foi )?entreg|devolvid|niet bezorgd|nie dostarczon",
    r"не ?доставлен|возвращ|退信|退回|未送达|配信(?:エラー|不能)|送信エラー|반송",
    r"error|bounce|rejected|warning: ",
    r"mail status",
    r"not (?:a )?member",
    r"unknown user|user unknown",
)
_NOTICE = without_case(
    r"(?:could|can)(?: ?not|n't)(?: yet)? (?:be )?(?:deliver|reach|sent)",
    r"(?:was|were|has|have)(?: ?not|n't)(?: yet)? (?:be |been )?(?:able to )?(?:deliver|reach|sent)",
    r"did not reach",
    r"undeliver",
    r"deliver\w* (?:\w+ ){0,6}(?:fail|delay|error)",
    r"deliver\w* (?:to )?[^\n]{0,60}(?:failed|error)",
    r"unable to deliver",
    r"returned (?:to|mail)",
    r"unknown user|user unknown|no such user|invalid (?:user|recipient)",
    r"not (?:a )?member",
    r"rejected",
    r"\b55\d[ -]",
    r"nicht zugestellt|n'a pas pu être remis|non è stato (?:recapitato|consegnato)|niet (?:worden )?bezorgd",
    r"no se (?:pudo|ha podido) entregar|não (?:pôde|foi) .{0,20}entreg|nie została dostarczona|не доставлен",
    r"送信できません|配信できません|エラー|退回|退信|无法送达|送达失败",
)
_DELAYED = without_case(
    r"^(?:warning: (?:could not|message|mail)|delayed |delivery delay)",
    r"\bdelayed mail|message delayed",
    r"\((?:delay|warning)",
    r"status notification: delay",
    r"still being retried|not yet been delivered|attempts will continue",
    r"will (?:be retried|continue to (?:be )?\w+|keep trying)",
)


def speaks_of_failure(document: Document) -> bool:
    """Return whether the message is a report, and not mail that happens to hold an address."""
    return sum(sign(document) for sign in _SIGNS) >= _ENOUGH


def speaks_of_delay(document: Document) -> bool:
    """Return whether the report says that delivery is still being tried."""
    return bool(_DELAYED.search(f"{document.field('Subject')}\n{document.notice}"))


def _from_a_machine(document: Document) -> bool:
    author = document.field("From")
    addresses = addresses_in(author)
    return bool(author) and (not addresses or is_machine(addresses[0]) or bool(_AUTHOR.search(author)))


_SIGNS: tuple[Callable[[Document], bool], ...] = (
    lambda document: "multipart/report" in document.field("Content-Type").lower(),
    lambda document: bool(document.field("X-Failed-Recipients")),
    _from_a_machine,
    lambda document: document.field("Return-Path") == "<>",
    lambda document: bool(_SUBJECT.search(document.field("Subject"))),
    lambda document: bool(_NOTICE.search(document.notice)),
    lambda document: bool(document.returned),
)
