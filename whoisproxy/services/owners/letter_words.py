"""What letters about an owner's account say; English, and by gettext in every other language."""

from dataclasses import dataclass

from whoisproxy.i18n import N_, translations


@dataclass(frozen=True, slots=True)
class LetterWords:
    """A letter: `%(name)s` are facts, and `%(link)s` stands alone in a paragraph."""

    subject: str
    paragraphs: tuple[str, ...]

    def told(self, language: str, facts: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        """Return subject and paragraphs in a language, with facts."""
        gettext = translations(language).gettext
        paragraphs = [gettext(one) % facts if one != LINK else facts["link"] for one in self.paragraphs]
        return gettext(self.subject) % facts, tuple(paragraphs)


LINK = "%(link)s"

SIGN_IN_LETTER = LetterWords(
    N_("Your link to sign in"),
    (
        N_("With this link you see and switch the privacy of your domains at %(registrar)s:"),
        LINK,
        N_("It works once, and for %(minutes)s minutes. Do not pass it on."),
        N_("If you did not ask for it, do nothing: without this email nobody gets in."),
    ),
)
NEW_DEVICE_LETTER = LetterWords(
    N_("A new device has signed in"),
    (
        N_("Somebody has signed in to the privacy pages of your domains at %(registrar)s, on a new device."),
        N_("When: %(at)s. Device: %(device)s. Network: %(network)s."),
        N_(
            "If it was you, there is nothing to do. If not, end that session and change your ways to sign in:"
        ),
        LINK,
    ),
)
CONFIRM_MAILBOX_LETTER = LetterWords(
    N_("May mail come to this mailbox?"),
    (
        N_(
            "Somebody who has domains at %(registrar)s wants the mail that is relayed to him to come to this "
            "mailbox. If it is you, say so here:"
        ),
        LINK,
        N_("The link works once, and for %(hours)s hours."),
        N_("If it is not you, do nothing: no mail will come here."),
    ),
)
MAIL_CHANGED_LETTER = LetterWords(
    N_("The way of your mail was changed"),
    (
        N_(
            "Where the mail of your domain %(domain)s at %(registrar)s goes, or the key that it is encrypted "
            "with, was changed."
        ),
        N_("When: %(at)s."),
        N_("If it was not you, sign in, change it back, and end the other sessions:"),
        LINK,
    ),
)
MAIL_OF_SEVERAL_CHANGED_LETTER = LetterWords(
    N_("The way of your mail was changed"),
    (
        N_(
            "A mailbox was taken away to which the mail of %(count)s domains of yours at %(registrar)s went, "
            "%(domain)s among them. It goes to the mailbox of your registrations now."
        ),
        N_("When: %(at)s."),
        N_("If it was not you, sign in, change it back, and end the other sessions:"),
        LINK,
    ),
)
METHODS_CHANGED_LETTER = LetterWords(
    N_("Your ways to sign in were changed"),
    (
        N_("A way to sign in to the privacy pages of your domains at %(registrar)s was added or removed."),
        N_("When: %(at)s."),
        N_("If it was not you, have a link sent, end the other sessions and change it back:"),
        LINK,
    ),
)
CORRECTION_ASKED_LETTER = LetterWords(
    N_("A correction of your data was asked for"),
    (
        N_("Somebody who was signed in as you has asked %(registrar)s to correct your registration data."),
        N_("When: %(at)s."),
        N_("Nothing changes before your registrar agrees. If it was not you, withdraw it here:"),
        LINK,
    ),
)
EXPORT_READY_LETTER = LetterWords(
    N_("Your data are ready"),
    (
        N_("The file with your data at the privacy pages of %(registrar)s is ready."),
        LINK,
        N_("Sign in first, then open the link. The file is deleted %(days)s days after you asked for it."),
        N_("If you did not ask for it, end all other sessions under Security."),
    ),
)
ACCOUNT_CLOSED_LETTER = LetterWords(
    N_("Your account is closed"),
    (
        N_("Your account at the privacy pages of your domains at %(registrar)s was closed."),
        N_("When: %(at)s."),
        N_("Your domains are as they were. You can come back at any time, with a link by email:"),
        LINK,
    ),
)
