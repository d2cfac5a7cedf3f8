"""What owners agree to when they switch privacy, by version.

A version is never changed once it is in use: a new wording, in any language, is a new version, and what was
agreed to before stays here, to be shown with the consents that name it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from whoisproxy.domain.privacy import ConsentTo
from whoisproxy.i18n import N_


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version; `statements` are English, and translated where they are shown."""

    version: str
    statements: tuple[str, ...]


_HIDE_1 = ConsentText(
    "hide-2026-11",
    (
        N_(
            "The public directories of my registrar name the privacy service in my place, with its address "
            "and telephone number. I remain the holder of the domain, with all rights and duties."
        ),
        N_("Mail to the published address is checked for spam and abuse and then passed on to my mailbox."),
        N_("Who I am is disclosed to authorities and to others only as far as law and terms demand it."),
        N_("I can switch privacy off again at any time."),
    ),
)
_SHOW_1 = ConsentText(
    "show-2026-11",
    (
        N_(
            "My own data are published in the public directories, as shown above. Anybody in the world can "
            "see them."
        ),
        N_("I can end this at any time by switching privacy on; copies made by others until then remain."),
    ),
)

CURRENT: Mapping[ConsentTo, ConsentText] = MappingProxyType(
    {ConsentTo.HIDE: _HIDE_1, ConsentTo.SHOW: _SHOW_1}
)
"""What is asked for now."""

TEXTS: Mapping[str, ConsentText] = MappingProxyType({text.version: text for text in (_HIDE_1, _SHOW_1)})
"""Every text that was ever agreed to here, by version."""
