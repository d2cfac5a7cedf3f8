"""Building blocks of the models: strict base classes, times, lines of text, query numbers."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from whoisproxy.domain.registrant import belongs_in_a_line

_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_LARGEST_SEQUENCE = 2**63 - 1


class RequestModel(BaseModel):
    """What a client sends: no member that we do not know, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class QueryModel(BaseModel):
    """Query parameters: text, read by each field's own rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerModel(BaseModel):
    """What we send."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(RequestModel):
    """No body."""


class NoQuery(QueryModel):
    """No query parameters."""


def _printable(text: str) -> str:
    if not all(map(belongs_in_a_line, text)):
        raise ValueError("must not contain control characters")
    return text


def _rfc3339(text: object) -> object:
    # pydantic also reads seconds since 1970 from a string; nobody means that here.
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        raise ValueError("must be a time as in RFC 3339, such as 2026-11-01T09:30:00Z")
    return text


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _number(text: object) -> object:
    if isinstance(text, str):
        if not _WHOLE_NUMBER.fullmatch(text):
            raise ValueError("must be a whole number")
        return int(text)
    return text


Line = Annotated[str, Field(max_length=255), AfterValidator(_printable)]
FilledLine = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)]
# Strictness would refuse the text that was looked at before; what else it refuses is refused there.
Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_rfc3339), AfterValidator(_in_utc)]
Sequence = Annotated[int, Field(ge=0, le=_LARGEST_SEQUENCE), BeforeValidator(_number)]
WaitSeconds = Annotated[int, Field(ge=0, le=30), BeforeValidator(_number)]
Limit = Annotated[int, Field(ge=1, le=500, description="Most items to return."), BeforeValidator(_number)]
Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=400,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="`next_cursor` of a page before.",
    ),
]


class PageQuery(QueryModel):
    """Which page of a list."""

    cursor: Cursor | None = None
    limit: Limit = 100


class Links(AnswerModel):
    """Where to go on."""

    self: str
