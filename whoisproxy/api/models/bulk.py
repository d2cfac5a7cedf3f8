"""Lines of a bulk switch: NDJSON both ways."""

from typing import Annotated

from pydantic import ConfigDict, Field

from whoisproxy.api.models.common import AnswerModel
from whoisproxy.api.models.privacy import PrivacyBody, PrivacyView
from whoisproxy.api.models.problem import ProblemModel


class BulkLine(PrivacyBody):
    """One line in: a domain and its wanted privacy."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"domain": "zoe.example", "enabled": False}]})

    domain: Annotated[str, Field(min_length=1, max_length=253)]


class BulkResult(AnswerModel):
    """One line out, in the order of the lines in."""

    line: Annotated[int, Field(ge=1, description="Number of the line in the request.")]
    domain: str | None
    status: Annotated[int, Field(description="The status that a single request would have had.")]
    privacy: PrivacyView | None
    problem: ProblemModel | None
