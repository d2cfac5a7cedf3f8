"""Whether the process lives and its parts answer."""

from typing import Literal

from whoisproxy.api.models.common import AnswerModel


class Alive(AnswerModel):
    """The process answers."""

    status: Literal["alive"]


class Readiness(AnswerModel):
    """Which parts answer."""

    status: Literal["ready", "not-ready"]
    parts: dict[str, bool]
