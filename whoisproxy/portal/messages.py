"""Pages that say one thing: what happened, or why nothing did."""

from dataclasses import dataclass

from whoisproxy.i18n import N_


@dataclass(frozen=True, slots=True)
class Said:
    """A heading and a sentence or two, in English; `%(name)s` in the latter are facts."""

    title: str
    text: str


GONE = Said(
    N_("This link does not work"),
    N_(
        "It has expired, was used already, or is not complete. Look whether your mail program has broken it "
        "in two."
    ),
)
BUSY = Said(N_("Too many requests"), N_("Please wait a minute and try again."))
FAILED = Said(
    N_("This did not work"),
    N_("Something is wrong on our side, and nothing was sent or changed. Please try again later."),
)
TOO_LARGE = Said(
    N_("Too long"),
    N_("The message is too long for this page. Please shorten it, or answer with your mail program."),
)
