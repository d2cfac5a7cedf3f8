"""A registrar says how its pages look, and sees it."""

from base64 import b64encode
from typing import Any

import pytest

from tests.whoisproxy.api.service import Service
from whoisproxy.domain.account import Scope

_PATH = "/v1/appearance"
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'
_LOOK: dict[str, Any] = {
    "name": "Example Domains",
    "host": "privacy.registrar.example",
    "accent": "#0a4f8f",
    "accent_dark": "#7ab8f5",
    "imprint_url": "https://registrar.example/imprint",
    "logo": b64encode(_SVG).decode(),
}


async def test_a_look_is_chosen_shown_changed_and_given_up(service: Service) -> None:
    api = service.client
    assert (await api.get(_PATH)).status == 404

    chosen = await api.put(_PATH, _LOOK)
    assert chosen.status == 200
    assert {key: chosen.json[key] for key in _LOOK if key != "logo"} == {
        key: value for key, value in _LOOK.items() if key != "logo"
    }
    assert (chosen.json["logo_type"], chosen.json["url"]) == (
        "image/svg+xml",
        "https://privacy.registrar.example",
    )
    assert (await api.get(_PATH)).json == chosen.json

    changed = await api.put(_PATH, {"name": "Example"})
    assert (changed.json["host"], changed.json["logo"], changed.json["url"]) == (
        "",
        None,
        "https://privacy.example",
    )
    assert (await api.delete(_PATH)).status == 204
    assert (await api.delete(_PATH)).status == 204
    assert (await api.get(_PATH)).status == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"accent": "#ffff00"}, "accent"),
        ({"host": "privacy.example"}, "host"),
        ({"logo": b64encode(b"<svg onload='x'/>").decode()}, "logo"),
        ({"logo": "not base64!"}, "logo"),
        ({"help_url": "javascript:alert(1)"}, "help_url"),
    ],
)
async def test_what_cannot_be_shown_is_refused(service: Service, changes: dict[str, Any], field: str) -> None:
    refused = await service.client.put(_PATH, {**_LOOK, **changes})
    assert (refused.status, refused.json["code"]) == (422, "INVALID_INPUT")
    assert field in str(refused.json)
    assert (await service.client.get(_PATH)).status == 404


async def test_a_host_name_is_of_one_registrar_and_nobody_sees_anothers_look(service: Service) -> None:
    other = await service.another_registrar()
    assert (await service.client.put(_PATH, _LOOK)).status == 200
    assert (await service.client.put(_PATH, _LOOK)).status == 200
    refused = await other.put(_PATH, _LOOK)
    assert (refused.status, "host" in str(refused.json)) == (422, True)
    assert (await other.get(_PATH)).status == 404


async def test_reading_and_choosing_need_their_scopes(service: Service) -> None:
    reader = await service.client_with([Scope.PAGES_READ])
    assert (await reader.get(_PATH)).status == 404
    assert (await reader.put(_PATH, _LOOK)).status == 403
    stranger = await service.client_with([Scope.DOMAINS_READ])
    assert (await stranger.get(_PATH)).status == 403
