"""Webhooks: where we tell your backend of events."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from whoisproxy.api.models.common import AnswerModel, Links, RequestModel


class WebhookBody(RequestModel):
    """Where to send events."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://registrar.example/hooks/privacy"}]}
    )

    url: Annotated[
        str,
        Field(
            min_length=8, max_length=2000, pattern=r"^https?://[!-~]+$", description="http or https, no user."
        ),
    ]


class WebhookView(AnswerModel):
    """A webhook without its secret."""

    id: str
    url: str
    created_at: datetime
    links: Links


class WebhookCreated(WebhookView):
    """A new webhook; the secret is shown this once."""

    secret: Annotated[str, Field(description="Key of the HMAC-SHA-256 in Whoisproxy-Signature.")]


class WebhookList(AnswerModel):
    """All your webhooks."""

    webhooks: list[WebhookView]


class ReplayBody(RequestModel):
    """Which event to send again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sequence": 1}]})

    sequence: Annotated[int, Field(ge=1, le=2**63 - 1)]


class ReplayView(AnswerModel):
    """The event is on its way again."""

    webhook_id: str
    sequence: int
