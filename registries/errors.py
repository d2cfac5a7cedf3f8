"""Errors of registries; each class says whether asking again can help."""

from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Reason:
    """One value that the registry objects to, and why (RFC 5730 section 2.6, `value` and `extValue`).

    Attributes:
        value: The rejected elements as `name=text`, with secrets masked.
        reason: The registry's words; "" where it only names the value.
    """

    value: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """One command and the registry's answer to it, for the registrar and the registry's support desk.

    The registry's words may quote personal data. They are no part of `str` or `repr`; never log them, and
    never put them where others than the registrar read. Secrets are masked.

    Attributes:
        command: Such as `contact:create`; "" where no answer is behind the error.
        message: The registry's own words.
    """

    command: str = ""
    client_transaction: str = ""
    server_transaction: str = ""
    message: str = field(default="", repr=False)
    reasons: tuple[Reason, ...] = field(default=(), repr=False)


_NO_TRACE = Trace()


class RegistryError(Exception):
    """A registry did not do what was asked.

    Attributes:
        retry: Whether the same request may succeed later.
        trace: The answer it comes from; never a part of the error's text.
        status: The EPP status of the object that stands in the way; "" where none does.
        why: Stable name of the reason where the error's kind says too little; "" elsewhere.
        look_again_s: After how many seconds it may have changed; 0 where nothing is known of that.
    """

    retry = False
    status = ""
    why = ""
    look_again_s = 0.0

    def __init__(self, text: str, *, trace: Trace = _NO_TRACE) -> None:
        super().__init__(text)
        self.trace = trace

    def because(self, status: str, why: str, look_again_s: float) -> Self:
        """Return the error with the status that it comes from."""
        self.status, self.why, self.look_again_s = status, why, look_again_s
        return self


class RegistryUnavailable(RegistryError):
    """No connection, no answer in time, or the registry asks us to wait (EPP 2400, 2502). Retry later."""

    retry = True


class ConnectionLost(RegistryUnavailable):
    """An open session has broken, and nothing was changed by it: the same may be asked at once on another."""


class TooManySessions(RegistryUnavailable):
    """The registry lets the registrar's account open no further session now (EPP 2502)."""


class AccountStopped(RegistryUnavailable):
    """The registry refused the account's credentials, so nobody logs in until somebody has looked at it.

    Trying again would get the account locked. What waits for it goes on once the operator has lifted the
    stop or changed the password.

    Attributes:
        code: The EPP result code of the login that was refused.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"the registry refused the account's credentials (EPP {code}): logins are stopped")
        self.code = code


class RegistryRefused(RegistryError):
    """The registry understood and will not do it (EPP 2000-2399, RFC 5730 section 3).

    Sending it again cannot help; tell the registrar.

    Attributes:
        code: EPP result code.
        reason: Our words for the code; names no person.
    """

    def __init__(self, code: int, reason: str, *, trace: Trace = _NO_TRACE) -> None:
        super().__init__(f"registry answered {code}: {reason}", trace=trace)
        self.code = code
        self.reason = reason


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

    def __init__(self, reason: str, transaction: str = "", *, trace: Trace = _NO_TRACE) -> None:
        super().__init__(reason, trace=trace)
        self.transaction = transaction


class ContactsNotHeld(RegistryError):
    """The registry keeps no contacts (minimum data set, EPP 2307): policy, not failure.

    Attributes:
        everywhere: Whether it keeps none for any domain of the account, not only for this one.
    """

    def __init__(self, reason: str, *, everywhere: bool = False, trace: Trace = _NO_TRACE) -> None:
        super().__init__(reason, trace=trace)
        self.everywhere = everywhere


class SponsoredElsewhere(RegistryError):
    """The domain belongs to another registrar's account now: it was transferred away (EPP clID, 2201).

    Nothing that we could send changes it any more.
    """


class VerificationFailed(RegistryError):
    """The registry answered success, yet reads back something other than what was asked for."""

    retry = True


class CallbackRefused(RegistryError):
    """The registrar's backend, which has the connection to the registry, says that it will not be done.

    Attributes:
        reason: The backend's own code; names no person.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the registrar's backend refused: {reason}")
        self.reason = reason


class CallbackExpired(RegistryError):
    """By the deadline the registrar's backend had not made the change, or the public did not show it."""


class NoAccount(RegistryError):
    """No account serves this registrar's domains of this ending."""
