"""Errors of the service: each has a stable code, an HTTP status and says whether to retry."""

from typing import ClassVar


class WhoisproxyError(Exception):
    """Something was asked for that cannot be done.

    Attributes:
        code: Stable name for programs, such as `TLD_PROHIBITED`.
        status: HTTP status of the API's answer (RFC 9457).
        retry: Whether the same request may succeed later.
    """

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False


class InvalidInput(WhoisproxyError):
    """A value breaks its standard; the message names the field and the rule, never the value.

    Attributes:
        field: Dotted path of the value, such as `registrant.phone`.
    """

    code = "INVALID_INPUT"
    status = 422

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NotFound(WhoisproxyError):
    """Nothing by that name belongs to the caller."""

    code = "NOT_FOUND"
    status = 404


class DomainTaken(WhoisproxyError):
    """Another registrar holds the domain here; it must delete it first."""

    code = "DOMAIN_TAKEN"
    status = 409


class PrivacyNotAllowed(WhoisproxyError):
    """The TLD's mechanism is `none`: prohibited, unsupported, not needed.

    Attributes:
        reason: One of `registries.policy.Reason`; it is the code that the API shows.
        source: Where the rule is documented.
    """

    status = 422

    def __init__(self, reason: str, explanation: str, source: str) -> None:
        super().__init__(explanation)
        self.reason = reason
        self.source = source


class ConsentRequired(WhoisproxyError):
    """Switching privacy on needs the owner's recorded consent (by, at, text_version)."""

    code = "CONSENT_REQUIRED"
    status = 422


class RegistrantUnverified(WhoisproxyError):
    """Mail can be forwarded to a verified mailbox only."""

    code = "REGISTRANT_UNVERIFIED"
    status = 422


class DomainLocked(WhoisproxyError):
    """The domain's state does not admit a switch now: suspended, or a change is at the registry."""

    code = "DOMAIN_LOCKED"
    status = 409
    retry = True


class MalwareUnconfirmed(WhoisproxyError):
    """Malware was found in the message: whoever wants it all the same must say so."""

    code = "MALWARE_UNCONFIRMED"
    status = 409


class TaskSuperseded(WhoisproxyError):
    """A newer operation of the domain took the task's place: what it asked for is no longer wanted."""

    code = "TASK_SUPERSEDED"
    status = 409


class TaskEnded(WhoisproxyError):
    """The task has ended and takes no other answer."""

    code = "TASK_ENDED"
    status = 409


class CorrectionEnded(WhoisproxyError):
    """The correction was applied, refused or withdrawn, and takes no other answer."""

    code = "CORRECTION_ENDED"
    status = 409


class PreconditionFailed(WhoisproxyError):
    """If-Match names another version: read again, decide again (RFC 9110 section 13.1.1)."""

    code = "PRECONDITION_FAILED"
    status = 412


class IdempotencyConflict(WhoisproxyError):
    """The Idempotency-Key was used for another request."""

    code = "IDEMPOTENCY_CONFLICT"
    status = 422


class Unauthorized(WhoisproxyError):
    """The API key is missing, unknown, expired, or used from an address not on its list."""

    code = "UNAUTHORIZED"
    status = 401


class Forbidden(WhoisproxyError):
    """The API key lacks the scope."""

    code = "FORBIDDEN"
    status = 403


class RateLimited(WhoisproxyError):
    """Too many requests.

    Attributes:
        retry_after_s: Seconds until it is worth asking again.
    """

    code = "RATE_LIMITED"
    status = 429
    retry = True

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("too many requests")
        self.retry_after_s = retry_after_s


class Unavailable(WhoisproxyError):
    """The database or another part does not answer now."""

    code = "UNAVAILABLE"
    status = 503
    retry = True
