"""Settings of the watch over what the public sees."""

from collections import Counter
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from whoisproxy.config.values import Host, Section

Url = Annotated[str, Field(pattern=r"^(https?://[^/\s]+(/\S*)?)?$")]
Server = Annotated[str, Field(pattern=r"^(([a-z0-9.-]+|\[[0-9a-f:]+\]):\d{1,5})?$")]
Pace = Annotated[int, Field(ge=1, le=6000)]


class WatchedDirectories(Section):
    """The public directories of some endings, in place of those that are known."""

    suffixes: Annotated[tuple[Host, ...], Field(min_length=1)]
    rdap_base_url: Url = ""
    whois_server: Server = ""
    looks_per_minute: Pace | None = None
    allow_private_addresses: bool = False

    @model_validator(mode="after")
    def _names_one(self) -> "WatchedDirectories":
        if not self.rdap_base_url and not self.whois_server:
            raise ValueError("rdap_base_url or whois_server is needed")
        return self


def _check_apart(directories: tuple[WatchedDirectories, ...]) -> tuple[WatchedDirectories, ...]:
    named = Counter(suffix for each in directories for suffix in each.suffixes)
    for suffix, count in named.items():
        if count > 1:
            raise ValueError(f".{suffix} stands in two tables")
    return directories


class Watch(Section):
    """How hidden domains are looked at with a stranger's eyes."""

    enabled: bool = True
    every_days: Annotated[float, Field(ge=0.25, le=90)] = 7.0
    settle_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    looks_per_minute: Pace = 60
    own_looks_per_minute: Pace = 30
    own_rdap_base_url: Url = ""
    own_whois_server: Server = ""
    evidence_days: Annotated[int, Field(ge=1, le=365)] = 30
    directories: Annotated[tuple[WatchedDirectories, ...], AfterValidator(_check_apart)] = ()
