"""Errors of the mail relay: temporary or permanent, each with its SMTP reply (RFC 5321, RFC 3463)."""


class MailError(Exception):
    """A message was not taken or not delivered.

    Attributes:
        code: SMTP reply code.
        enhanced: Enhanced status code (RFC 3463).
        public: The text a peer may read; names nobody and no policy.
        reason: For our own log; names no person either.
    """

    def __init__(self, code: int, enhanced: str, public: str, reason: str = "") -> None:
        super().__init__(f"{code} {enhanced} {reason or public}")
        self.code = code
        self.enhanced = enhanced
        self.public = public
        self.reason = reason or public

    @property
    def retry(self) -> bool:
        """Whether the sender may try again (4yz)."""
        return self.code < 500  # noqa: PLR2004 - RFC 5321 section 4.2.1


class TemporaryMailError(MailError):
    """The peer should try again later (4yz)."""


class PermanentMailError(MailError):
    """Trying again cannot help (5yz)."""
