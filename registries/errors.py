"""Errors of registries; each class says whether asking again can help."""


class RegistryError(Exception):
    """A registry did not do what was asked.

    Attributes:
        retry: Whether the same request may succeed later.
    """

    retry = False


class RegistryUnavailable(RegistryError):
    """No connection, no answer in time, or the registry asks us to wait (EPP 2400, 2502). Retry later."""

    retry = True


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
    """The registry keeps no contacts (minimum data set, EPP 2307): policy, not failure."""


class VerificationFailed(RegistryError):
    """The registry answered success, yet reads back something other than what was asked for."""

    retry = True
