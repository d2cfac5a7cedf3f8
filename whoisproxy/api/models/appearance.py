"""How a registrar's pages look."""

from typing import Annotated

from pydantic import Base64Bytes, ConfigDict, Field

from whoisproxy.api.models.common import AnswerModel, FilledLine, RequestModel

_Url = Annotated[str, Field(max_length=500, description="Begins with https://; empty for none.")]
_Colour = Annotated[str, Field(max_length=7, description="`#rrggbb`; empty for that of the pages.")]


class AppearanceBody(RequestModel):
    """The look that the pages shall have; what is left out is as the pages have it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Example Domains",
                    "host": "privacy.registrar.example",
                    "accent": "#0a4f8f",
                    "accent_dark": "#7ab8f5",
                    "imprint_url": "https://registrar.example/imprint",
                    "privacy_url": "https://registrar.example/privacy",
                }
            ]
        }
    )

    name: Annotated[FilledLine, Field(description="What stands at the head of each page.")]
    host: Annotated[
        str, Field(max_length=253, description="Your own host name, of which you send us the requests.")
    ] = ""
    accent: _Colour = ""
    accent_dark: _Colour = ""
    imprint_url: _Url = ""
    privacy_url: _Url = ""
    terms_url: _Url = ""
    help_url: _Url = ""
    logo: Annotated[
        Base64Bytes | None,
        Field(strict=False, description="A PNG or SVG of at most 16 KiB in base64; null for none."),
    ] = None


class AppearanceView(AnswerModel):
    """The look that the pages have."""

    name: str
    host: str
    accent: str
    accent_dark: str
    imprint_url: str
    privacy_url: str
    terms_url: str
    help_url: str
    logo: Annotated[str | None, Field(description="As it is shown, in base64.")]
    logo_type: Annotated[str, Field(description="`image/svg+xml`, `image/png`, or empty.")]
    url: Annotated[str, Field(description="Where the pages are reached.")]
