"""Problem details (RFC 9457) as a schema; `whoisproxy.api.problems` writes them."""

from typing import Annotated, Literal

from pydantic import Field

from whoisproxy.api.models.common import AnswerModel
from whoisproxy.api.problems import KINDS


class FieldErrorModel(AnswerModel):
    """One value that breaks its rule; the value itself is never repeated."""

    field: str
    problem: str


class ProblemModel(AnswerModel):
    """Why a request was not carried out."""

    type: Annotated[str, Field(description="Where the code is explained, relative to the API.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: Annotated[Literal[*KINDS], Field(description="Stable name for programs.")]  # type: ignore[valid-type]
    retry: Annotated[bool, Field(description="Whether the same request may succeed later.")]
    instance: Annotated[str, Field(description="This occurrence: the X-Request-Id as a URN.")]
    field: Annotated[str | None, Field(description="Dotted path of the first bad value.")] = None
    errors: list[FieldErrorModel] | None = None
    source: Annotated[str | None, Field(description="Where the rule of the TLD is documented.")] = None
