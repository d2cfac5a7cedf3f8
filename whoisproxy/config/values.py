"""What values of settings look like."""

from ipaddress import IPv4Network, ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _check_address(text: str) -> str:
    ip_address(text)
    return text


def _check_nameserver(text: str) -> str:
    host, _, port = text.rpartition(":")
    ip_address(host.strip("[]") if host else text)
    if host and not 0 < int(port) < 2**16:
        raise ValueError("port must be 1 to 65535")
    return text


def _check_list_answers(text: str) -> str:
    IPv4Network(text)
    return text


Address = Annotated[str, AfterValidator(_check_address)]
Nameserver = Annotated[str, AfterValidator(_check_nameserver)]
ListAnswers = Annotated[str, AfterValidator(_check_list_answers)]
ListMeaning = Literal["allow", "reject", "doubtful"] | Annotated[float, Field(gt=0, le=20)]
Port = Annotated[int, Field(ge=0, le=65535)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
EngineAddress = Annotated[str, Field(pattern=r"^(/[!-~]+|([a-z0-9.-]+|\[[0-9a-f:]+\]):[0-9]{1,5})$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Section(BaseModel):
    """A part of the settings: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Listener(Section):
    """An address to listen at; port 0 lets the system choose."""

    host: Address = "127.0.0.1"
    port: Port
