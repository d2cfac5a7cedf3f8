"""Settings of the public pages, by which anybody reaches the owner of a domain."""

from typing import Annotated

from pydantic import Field

from whoisproxy.config.values import Section


class Contact(Section):
    """Where the public pages are, and how much their form takes.

    The limits are those of browsers that do the work that is asked of them; others have a fifth of them.
    """

    base_url: Annotated[str, Field(pattern=r"^(https?://[^/\s<>\"]+)?$")] = ""
    attachments: Annotated[int, Field(ge=0, le=20)] = 5
    attachments_octets: Annotated[int, Field(ge=0, le=20 * 1024 * 1024)] = 5 * 1024 * 1024
    per_network_an_hour: Annotated[int, Field(ge=1)] = 20
    per_domain_an_hour: Annotated[int, Field(ge=1)] = 60
    letters_a_day: Annotated[int, Field(ge=1)] = 3
