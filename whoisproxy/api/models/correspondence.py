"""An owner's correspondence: his wishes for a domain's mail, his reply addresses, whom he blocks."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from mailrelay.directory import MailPolicy
from whoisproxy.api.models.common import AnswerModel, FilledLine, RequestModel
from whoisproxy.domain.mail_settings import DigestWish

_Words = Annotated[list[FilledLine], Field(max_length=100)]
_Key = Annotated[str, Field(max_length=65536)]


class MailSettingsBody(RequestModel):
    """Wishes for the mail of a domain; what is absent stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"banner": True, "identifiers": ["The Gardener", "zoe@club.example"]}]
        }
    )

    mail_policy: Annotated[
        MailPolicy | None,
        Field(
            description=(
                "`forward` passes on all but malware, forgeries and what blocked senders write; `filter` "
                "holds what looks like spam too; `drop` holds all but what has to reach every owner. Senders "
                "get the same answers. It is the one of the domain's privacy."
            )
        ),
    ] = None
    banner: Annotated[
        bool | None, Field(description="Begin each message with a line that says how to answer.")
    ] = None
    attach_original: Annotated[
        bool | None, Field(description="Attach each message as it came, as evidence of abuse.")
    ] = None
    plain_text_only: Annotated[bool | None, Field(description="Answers leave as plain text.")] = None
    neutral_file_names: Annotated[
        bool | None, Field(description="Attachments of answers leave as `attachment-1.pdf`.")
    ] = None
    identifiers: Annotated[
        _Words | None,
        Field(description="What names the owner beyond the registrant's data: it never leaves in an answer."),
    ] = None
    released: Annotated[
        _Words | None, Field(description="What names the owner and may leave in his answers all the same.")
    ] = None
    encryption_key: Annotated[
        _Key | None,
        Field(description='OpenPGP certificate in armour or X.509 one in PEM to encrypt for; "" for none.'),
    ] = None
    digest: Annotated[
        Literal["daily", "weekly", "off"] | None,
        Field(description="How often the owner is told of held mail, where there is any."),
    ] = None


class MailSettingsView(AnswerModel):
    """How the owner wants the domain's mail."""

    mail_policy: MailPolicy
    banner: bool
    attach_original: bool
    plain_text_only: bool
    neutral_file_names: bool
    identifiers: list[str]
    released: list[str]
    encryption_key: str
    digest: DigestWish


class ReplyAddressView(AnswerModel):
    """An address by which the owner answers one correspondent in one thread."""

    id: str
    address: str
    correspondent: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class ReplyAddressPage(AnswerModel):
    """One page of a domain's reply addresses, newest first."""

    reply_addresses: list[ReplyAddressView]
    next_cursor: str | None


class BlockBody(RequestModel):
    """Whose mail the owner does not want."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mailbox": "pest@far.example"}]})

    mailbox: FilledLine


class BlockedView(AnswerModel):
    """A correspondent whose mail is kept from the owner."""

    id: str
    mailbox: str
    blocked_at: datetime


class BlockedList(AnswerModel):
    """Whom the owner has blocked."""

    blocked_correspondents: list[BlockedView]
