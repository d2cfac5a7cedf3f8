"""Errors of registries; each class says whether asking again can help."""

from typing import Self


class RegistryError(Exception):
    """A registry did not do what was asked.

    Attributes:
        retry: Whether the same request may succeed later.
        status: The EPP status of the object that stands in the way; "" where none does.
        why: Stable name of the reason where the error's kind says too little; "" elsewhere.
        look_again_s: After how many seconds it may have changed; 0 where nothing is known of that.
    """

    retry = False
    status = ""
    why = ""
    look_again_s = 0.0

    def because(self, status: str, why: str, look_again_s: float) -> Self:
        """Return the error with the status that it comes from."""
        self.status, self.why, self.look_again_s = status, why, look_again_s
        return self


class RegistryUnavailable(RegistryError):
    """No connection, no answer in time, or the registry asks us to wait (EPP 2400, 2502). Retry later."""

    retry = True


class TooManySessions(RegistryUnavailable):
    """The registry lets the registrar's account open no further session now (EPP 2502)."""


class RegistryRefused(RegistryError):
    """The registry understood and will not do it (EPP 2000-2399, RFC 5730 section 3).

    Sending it again cannot help; tell the registrar.

    Attributes:
        code: EPP result code.
        reason: Our words for the code; names no person.
        server_transaction: The registry's transaction id, for its support desk.
        detail: The registry's own words, which may quote personal data: never log them, and never
            put them where others than the registrar read. They are no part of the error's text.
    """

    def __init__(self, code: int, reason: str, *, server_transaction: str = "", detail: str = "") -> None:
        super().__init__(f"registry answered {code}: {reason}")
        self.code = code
        self.reason = reason
        self.server_transaction = server_transaction
        self.detail = detail


class OutcomeUnknown(RegistryError):
    """The command was sent and the connection broke before the answer: read, compare, then decide."""

    retry = True


class ChangePending(RegistryError):
    """The change was taken on and will be finished by somebody else: the registry (EPP 1001), the backend.

    Whoever waits is told by a message, or reads again later.

    Attributes:
        transaction: What the message that ends it will name: the registry's svTRID.
    """

    retry = True

    def __init__(self, reason: str, transaction: str = "") -> None:
        super().__init__(reason)
        self.transaction = transaction


class ContactsNotHeld(RegistryError):
    """The registry keeps no contacts (minimum data set, EPP 2307): policy, not failure.

    Attributes:
        everywhere: Whether it keeps none for any domain of the account, not only for this one.
    """

    def __init__(self, reason: str, *, everywhere: bool = False) -> None:
        super().__init__(reason)
        self.everywhere = everywhere


class SponsoredElsewhere(RegistryError):
    """The domain belongs to another registrar's account now: it was transferred away (EPP clID, 2201).

    Nothing that we could send changes it any more.
    """


class VerificationFailed(RegistryError):
    """The registry answered success, yet reads back something other than what was asked for."""

    retry = True
