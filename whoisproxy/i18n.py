"""Words in the languages of owners and strangers (gettext): the catalogues in `locale/`, by language.

The English text is the msgid, so English has no catalogue. A catalogue is kept as PO alone, which people
read and review; it is compiled in memory when its language is first asked for. `make messages` brings the
catalogues up to date with what the code and the templates say; see docs/howto/translate.md.
"""

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DEFAULT_LANGUAGE = "en"
# In the order in which they are offered, each by the name that its speakers know.
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "it": "Italiano", "es": "Español"}
# French sets a space before these marks, at which no line may end.
_BEFORE_MARKS = re.compile(" (?=[?!:;»])|(?<=«) ")
_FILE = "locale/{}/LC_MESSAGES/whoisproxy.po"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name, which tools that extract know
    """Mark a text that is translated where it is shown."""
    return message


def known(tag: str) -> str:
    """Return the language of ours for a BCP 47 tag, "" where there is none."""
    primary = tag.strip().lower().partition("-")[0]
    return primary if primary in LANGUAGES else ""


def translations(tag: str) -> NullTranslations:
    """Return the catalogue for a BCP 47 tag; English where there is none.

    Its `gettext` and `ngettext` give texts as they are written; facts are put in with `% {"name": fact}`.
    """
    return _catalogue(known(tag) or DEFAULT_LANGUAGE)


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == DEFAULT_LANGUAGE:
        return NullTranslations()
    with (files(__package__) / _FILE.format(language)).open("rb") as source:
        catalogue = read_po(source, locale=language)
    if language == "fr":
        _keep_marks(catalogue)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _keep_marks(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.id:
            texts = [message.string] if isinstance(message.string, str) else message.string or ()
            kept = tuple(_BEFORE_MARKS.sub("\N{NO-BREAK SPACE}", text) for text in texts)
            message.string = kept if message.pluralizable else kept[0]
