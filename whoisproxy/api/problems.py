"""Problem details (RFC 9457): every error of the API, its stable code, and how it is written.

The table says what each code means, and the document of the API and the human page are made from it.
A problem names the field and the rule that it breaks, never the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from registries.policy import Reason
from whoisproxy.domain.errors import InvalidInput, PrivacyNotAllowed, RateLimited, WhoisproxyError

CONTENT_TYPE = "application/problem+json"
_UNAVAILABLE_RETRY_S = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem.

    Attributes:
        retry: Whether the same request may succeed later.
        title: The same for every occurrence (RFC 9457 section 3.1.3).
    """

    status: int
    title: str
    retry: bool = False


KINDS: Mapping[str, Kind] = {
    "MALFORMED_REQUEST": Kind(400, "The request is not HTTP that we understand"),
    "MALFORMED_JSON": Kind(400, "The body is not one JSON value in UTF-8 with unique names"),
    "INVALID_QUERY": Kind(400, "A query parameter is unknown, given twice or out of range"),
    "INVALID_HEADER": Kind(400, "A header breaks its standard"),
    "BAD_CURSOR": Kind(400, "The cursor was not given out by this list"),
    "UNAUTHORIZED": Kind(401, "The API key is missing, unknown, expired or used from elsewhere"),
    "FORBIDDEN": Kind(403, "The API key lacks the scope"),
    "NOT_FOUND": Kind(404, "Nothing by that name belongs to you"),
    "METHOD_NOT_ALLOWED": Kind(405, "The resource does not know the method"),
    "REQUEST_TIMEOUT": Kind(408, "The body did not arrive in time", retry=True),
    "DOMAIN_TAKEN": Kind(409, "Another registrar holds the domain here"),
    "DOMAIN_LOCKED": Kind(409, "The domain's state does not admit this now", retry=True),
    "MALWARE_UNCONFIRMED": Kind(409, "Malware was found in the message, and its release was not confirmed"),
    "TASK_SUPERSEDED": Kind(409, "A newer change of the domain took the task's place"),
    "TASK_ENDED": Kind(409, "The task has ended and takes no other answer"),
    "CORRECTION_ENDED": Kind(409, "The correction was applied, refused or withdrawn"),
    "IDEMPOTENCY_IN_PROGRESS": Kind(
        409, "The first request with this Idempotency-Key still runs", retry=True
    ),
    "PRECONDITION_FAILED": Kind(412, "If-Match names another version than the present one"),
    "BODY_TOO_LARGE": Kind(413, "The body or a line of it is larger than allowed"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "The body has another media type, charset or coding"),
    "INVALID_INPUT": Kind(422, "A value breaks its standard"),
    "CONSENT_REQUIRED": Kind(422, "Switching privacy on needs the owner's recorded consent"),
    "REGISTRANT_UNVERIFIED": Kind(422, "Mail can be forwarded to a verified mailbox only"),
    "TLD_PROHIBITED": Kind(422, "The registry prohibits privacy services"),
    "TLD_UNSUPPORTED": Kind(422, "The TLD is not supported"),
    "TLD_ALREADY_REDACTED": Kind(422, "The registry hides the holder itself"),
    "TLD_LOCAL_PRESENCE": Kind(422, "The registry demands a holder with local presence"),
    "IDEMPOTENCY_CONFLICT": Kind(422, "The Idempotency-Key was used for another request"),
    "RATE_LIMITED": Kind(429, "Too many requests", retry=True),
    "INTERNAL": Kind(500, "The service failed; the failure is recorded"),
    "UNAVAILABLE": Kind(503, "The service cannot answer now", retry=True),
}

# HTTP's own refusals, made by the server library, in our words.
_BY_STATUS = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
_BAD_REQUEST, _INTERNAL = 400, 500


@dataclass(frozen=True, slots=True)
class FieldError:
    """One value that breaks its rule.

    Attributes:
        field: Dotted path, such as `registrant.phone`.
    """

    field: str
    problem: str


class Problem(Exception):
    """An error on its way to the client.

    Attributes:
        code: Key of KINDS.
        detail: One sentence about this occurrence; names no value and no person.
        source: Where the rule of a TLD is documented; "" elsewhere.
        errors: Every value that breaks a rule; the first is also `field`.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        source: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail
        self.errors = errors
        self.source = source
        self.headers = dict(headers or {})

    @property
    def final(self) -> bool:
        """Whether asking again would give the same, so that the answer may be kept."""
        return self.kind.status < _INTERNAL and not self.kind.retry

    def as_dict(self, instance: str) -> dict[str, object]:
        """Return the members of the problem document."""
        members: dict[str, object] = {
            # Relative to the API's own address: the human page explains each code there.
            "type": f"/docs#{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.code,
            "retry": self.kind.retry,
            "instance": instance,
        }
        if self.errors:
            members["field"] = self.errors[0].field
            members["errors"] = [{"field": e.field, "problem": e.problem} for e in self.errors]
        if self.source:
            members["source"] = self.source
        return members


def invalid(code: str, name: str, problem: str) -> Problem:
    """Return the problem of one value."""
    return Problem(code, f"{name}: {problem}", errors=(FieldError(name, problem),))


def from_error(error: WhoisproxyError) -> Problem:
    """Return the problem that tells of an error of the services."""
    match error:
        case InvalidInput():
            return invalid("INVALID_INPUT", error.field, error.problem)
        case PrivacyNotAllowed():
            code = error.reason if error.reason in set(Reason) else "TLD_UNSUPPORTED"
            return Problem(str(code), str(error), source=error.source)
        case RateLimited():
            return Problem(
                "RATE_LIMITED", str(error), headers={"Retry-After": str(max(1, error.retry_after_s))}
            )
        case _ if error.code in KINDS:
            return Problem(error.code, str(error) or KINDS[error.code].title)
    return internal()


def internal() -> Problem:
    """Return the problem of a failure of our own: no detail leaves."""
    return Problem("INTERNAL", "the request was not carried out; name the instance when you ask about it")


def unavailable() -> Problem:
    """Return the problem of a part that does not answer now."""
    return Problem("UNAVAILABLE", "try again later", headers={"Retry-After": str(_UNAVAILABLE_RETRY_S)})


def from_http(error: web.HTTPException) -> Problem:
    """Return the problem that replaces a refusal of the server library."""
    code = _BY_STATUS.get(error.status, "INTERNAL" if error.status >= _INTERNAL else "MALFORMED_REQUEST")
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(code, KINDS[code].title, headers=headers)


def from_status(status: int) -> Problem:
    """Return the problem of a request that the server library could not read."""
    code = "MALFORMED_REQUEST" if status == _BAD_REQUEST else _BY_STATUS.get(status, "INTERNAL")
    return Problem(code, KINDS[code].title)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A problem as it is sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def render(problem: Problem, request_id: str) -> Rendered:
    """Write a problem for the request whose id is the UUID `request_id`."""
    headers = dict(problem.headers)
    if problem.code == "UNAUTHORIZED":
        headers["WWW-Authenticate"] = 'Bearer realm="whoisproxy"'  # RFC 6750 section 3
    body = orjson.dumps(problem.as_dict(f"urn:uuid:{request_id}"))
    return Rendered(problem.kind.status, body, {**headers, "Content-Type": CONTENT_TYPE})
