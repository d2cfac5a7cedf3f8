"""Links by which owners come to their pages from their registrar's panel."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from whoisproxy.api.models.common import AnswerModel


class PortalLinkView(AnswerModel):
    """A link for one owner."""

    url: Annotated[
        str,
        Field(
            description="Send the owner's browser there at once, and nobody else's: who opens it is taken "
            "for him. It is good once."
        ),
    ]
    expires_at: datetime
