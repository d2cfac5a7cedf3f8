"""Rules about attachments, by their names and by their first octets.

A name with two endings, as `contract.docx.pdf`, `scan.pdf.p7m` or `letter.pdf.zip`, is what printing, signing
and packing make of honest files: only one that ends as a program or a page is a disguise.
"""

import re
from collections.abc import Callable

from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

_PROGRAMS = (
    r"exe|scr|pif|com|bat|cmd|cpl|msc|vbs?|vbe|js|jse|wsf|wsh|sct|hta|lnk|iso|img|vhdx?|jar|msix?|appx|apk"
    r"|ps1|chm|one|xll|library-ms|searchconnector-ms"
)
_PAGES = r"s?html?|xht(?:ml)?|mht(?:ml)?|svgz?|url"
_BEFORE = r"pdf|docx?|xlsx?|pptx?|jpe?g|png|txt|mp3|wav"
RUNNABLE = re.compile(rf"\.(?:{_PROGRAMS})$", re.IGNORECASE)
PAGE = re.compile(rf"\.(?:{_PAGES})$", re.IGNORECASE)
MACROS = re.compile(r"\.(?:doc|dot|xls|xlt|xla|ppt|pps|pot)m$|\.(?:xlsb|xlam|ppam)$", re.IGNORECASE)
ARCHIVE = re.compile(r"\.(?:zip|rar|7z|ace|arj|cab|lzh|uue?)$", re.IGNORECASE)
# Blanks push the second ending out of sight.
DISGUISED = re.compile(rf"\.(?:{_BEFORE})\s*\.(?:{_PROGRAMS}|{_PAGES})$", re.IGNORECASE)


def attached(pattern: re.Pattern[str]) -> Callable[[RawMessage, Content], bool]:
    """Return a rule that holds where the name of an attachment matches."""
    return lambda _, content: any(
        pattern.search(attachment.name.strip()) for attachment in content.attachments
    )


def locked(_: RawMessage, content: Content) -> bool:
    """An attachment cannot be looked into without a password, by no scanner either."""
    return any(attachment.locked for attachment in content.attachments)
