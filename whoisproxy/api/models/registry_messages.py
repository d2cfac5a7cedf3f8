"""Messages that a registry left for your account."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from whoisproxy.api.models.common import AnswerModel, Links
from whoisproxy.domain.registry import MessageKind


class RegistryMessageLinks(Links):
    """Where to go on from a message."""

    acknowledge: str


class RegistryMessageView(AnswerModel):
    """One message; it is shown until you acknowledge it."""

    id: str
    account: Annotated[str, Field(description="Name of the account at the registry that it came to.")]
    registry_id: Annotated[str, Field(description="The registry's own id of the message.")]
    kind: MessageKind
    domain: Annotated[str, Field(description='The domain here that it is about; "" for none.')]
    about: Annotated[str, Field(description="The object that it names, as the registry writes it.")]
    text: Annotated[str, Field(description="The registry's words. They may name persons.")]
    transfer: Annotated[str, Field(description='Status of a transfer, such as `pending`; "" elsewhere.')]
    transaction: Annotated[str, Field(description="The registry's id of the change that it ends.")]
    succeeded: Annotated[bool | None, Field(description="How that change ended.")]
    received_at: datetime
    links: RegistryMessageLinks


class RegistryMessagePage(AnswerModel):
    """One page of messages, oldest first."""

    messages: list[RegistryMessageView]
    next_cursor: str | None
