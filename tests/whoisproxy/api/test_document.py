"""The OpenAPI document and the human page: both are made from the table of routes."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from tests.whoisproxy.api.service import Service
from whoisproxy.api.docs_page import page
from whoisproxy.api.openapi import document, rendered
from whoisproxy.api.problems import KINDS
from whoisproxy.api.table import ROUTES

ROOT = Path(__file__).parents[3]


def test_the_published_document_is_the_one_the_code_makes() -> None:
    published = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert published == rendered(), "docs/openapi.json is out of date: run `make openapi`"


def test_another_process_prints_the_same_octets() -> None:
    command = [sys.executable, "-m", "whoisproxy.api.openapi"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    assert printed.decode() == rendered()


def test_every_route_is_documented_with_its_scope_and_problems() -> None:
    paths = document()["paths"]
    for route in ROUTES:
        operation = paths[route.path][route.method.lower()]
        assert operation.get("x-scope") == route.scope
        assert {"default", *operation["responses"]} >= {str(status) for status in route.replies}
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(set(names)) == len(names) == len(ROUTES)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    whole = document()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', rendered())):
        place = whole
        for step in reference.split("/"):
            place = place[step]


class _Page(HTMLParser):
    """Collects ids, links and everything that would load something."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [each for each in [found.get("id")] if each]
        self.links += [each for each in [found.get("href"), found.get("src")] if each]


async def test_the_page_loads_nothing_from_elsewhere_and_every_link_leads_somewhere(service: Service) -> None:
    answer = await service.client.get("/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    seen = _Page()
    seen.feed(answer.raw.decode())
    assert not seen.tags & {"script", "img", "iframe", "form", "style"}
    assert len(set(seen.ids)) == len(seen.ids)
    for link in seen.links:
        if link.startswith("#"):
            assert link[1:] in seen.ids
        else:
            assert (await service.client.get(link)).status == 200


def test_the_page_shows_every_route_and_explains_every_code() -> None:
    shown = page()
    for route in ROUTES:
        assert f'id="{route.operation_id}"' in shown
    for code in KINDS:
        assert f'id="{code}"' in shown


async def test_the_service_gives_the_document_out(service: Service) -> None:
    assert json.loads((await service.client.get("/v1/openapi.json")).raw) == document()
