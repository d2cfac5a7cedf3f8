"""Webhooks: where a registrar's backend wants to be told of events."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address to call.

    Attributes:
        url: May carry a token of the registrar's, so it is never logged.
        secret: Key of the HMAC by which the receiver knows that we call.
    """

    id: str
    registrar_id: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    created_at: datetime
