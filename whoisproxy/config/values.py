"""What values of settings look like."""

from ipaddress import IPv4Network, ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


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


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_check_address)]
# One address or a list of them.
Addresses = Annotated[tuple[Address, ...], Field(min_length=1), BeforeValidator(_several)]
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

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every address that it listens at."""
        return (self.host,)


class SharedListener(Section):
    """Addresses to listen at, IPv4 and IPv6, all at one port; port 0 lets the system choose it."""

    host: Addresses = ("127.0.0.1",)
    port: Port

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every address that it listens at."""
        return self.host
