"""The human page of the API, made from the OpenAPI document: no script, nothing from elsewhere.

It works without a network, under a policy that admits our own style sheet only.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from whoisproxy.api.html import Content, Markup, inline, prose, tag
from whoisproxy.api.openapi import document, rendered
from whoisproxy.api.problems import KINDS

_STYLE = Path(__file__).with_name("docs.css")
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {"Content-Security-Policy": _POLICY}
_SCHEMA_PREFIX = "#/components/schemas/"


@cache
def page() -> str:
    """Return the page."""
    api = document()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", "whoisproxy API"),
        tag("link", rel="stylesheet", href="/docs/style.css"),
    )
    skip = tag("a", "To the content", href="#content", class_="skip")
    body = tag("body", skip, _navigation(api), _content(api))
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _by_tag(api: dict[str, Any], name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            if name in operation["tags"]:
                yield method.upper(), path, operation


def _navigation(api: dict[str, Any]) -> Markup:
    groups = [
        (
            tag("h2", each["name"]),
            tag(
                "ul",
                [
                    tag("li", tag("a", operation["summary"], href=f"#{operation['operationId']}"))
                    for _, _, operation in _by_tag(api, each["name"])
                ],
            ),
        )
        for each in api["tags"]
    ]
    reference = [("Problems", "#problems"), ("Schemas", "#schemas"), ("OpenAPI document", "/v1/openapi.json")]
    more = tag("ul", [tag("li", tag("a", text, href=href)) for text, href in reference])
    brand = tag("a", "whoisproxy API", href="#content", class_="brand")
    return tag("nav", brand, groups, tag("h2", "Reference"), more, aria_label="Contents")


def _content(api: dict[str, Any]) -> Markup:
    info = api["info"]
    groups = [
        (
            tag("h2", each["name"], class_="group", id=f"tag-{each['name'].lower()}"),
            tag("p", each["description"], class_="lead"),
            [_operation(api, *found) for found in _by_tag(api, each["name"])],
        )
        for each in api["tags"]
    ]
    return tag(
        "main",
        tag("h1", info["summary"]),
        tag("div", prose(info["description"]), class_="lead"),
        tag("pre", tag("code", "curl -H 'Authorization: Bearer wp_...' http://127.0.0.1:8080/v1/domains")),
        groups,
        _problems(),
        _schemas(api),
        id="content",
    )


def _operation(api: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Markup:
    scope = operation.get("x-scope")
    line = tag(
        "div",
        tag("span", method, class_=f"method {method}"),
        tag("code", path, class_="path"),
        tag("span", f"scope {scope}" if scope else "no key needed", class_="scope"),
        class_="line",
    )
    return tag(
        "article",
        line,
        tag("h3", operation["summary"]),
        prose(operation["description"]) if "description" in operation else "",
        _parameters(operation.get("parameters", [])),
        _request(api, operation.get("requestBody")),
        _responses(operation["responses"]),
        id=operation["operationId"],
    )


def _parameters(parameters: list[dict[str, Any]]) -> Content:
    if not parameters:
        return ""
    rows = [
        (tag("code", each["name"]), each["in"], _kind(each["schema"]), inline(each.get("description", "")))
        for each in parameters
    ]
    return tag("h4", "Parameters"), _table(("name", "in", "type", ""), rows)


def _request(api: dict[str, Any], body: dict[str, Any] | None) -> Content:
    if body is None:
        return ""
    [(media_type, content)] = body["content"].items()
    schema = content.get("x-line", content["schema"])
    name = schema["$ref"].removeprefix(_SCHEMA_PREFIX)
    examples = api["components"]["schemas"][name].get("examples", [])
    shown = [tag("pre", tag("code", _pretty(example))) for example in examples]
    each = ", one on each line" if "x-line" in content else ""
    return tag("h4", "Body: ", _kind(schema), f" as {media_type}{each}"), shown


def _responses(responses: dict[str, Any]) -> Content:
    good = [
        (tag("code", status), inline(each["description"]), _reply_kind(each))
        for status, each in responses.items()
        if "x-codes" not in each or len(each["content"]) > 1
    ]
    bad = [
        (
            tag("code", status),
            [(tag("a", tag("code", code), href=f"#{code}"), " ") for code in each["x-codes"]],
        )
        for status, each in responses.items()
        if "x-codes" in each
    ]
    problems = tag("details", tag("summary", "Problems"), _table(("status", "codes"), bad))
    return tag("h4", "Answers"), _table(("status", "", "shape"), good), problems


def _reply_kind(response: dict[str, Any]) -> Content:
    contents = [
        each for media_type, each in response.get("content", {}).items() if "problem" not in media_type
    ]
    return _kind(contents[0].get("x-line", contents[0]["schema"])) if contents else "no body"


def _problems() -> Content:
    rows = [
        (code, (tag("code", code), str(kind.status), "yes" if kind.retry else "no", kind.title))
        for code, kind in KINDS.items()
    ]
    heading = tag("h2", "Problems", class_="group", id="problems")
    about = tag("p", "Codes are stable. A problem names fields and rules, never a value.", class_="lead")
    body = [tag("tr", [tag("td", cell) for cell in cells], id=code) for code, cells in rows]
    head = tag("tr", [tag("th", text) for text in ("code", "status", "retry", "meaning")])
    return heading, about, tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="wide")


def _schemas(api: dict[str, Any]) -> Content:
    heading = tag("h2", "Schemas", class_="group", id="schemas")
    return heading, [_schema(name, each) for name, each in api["components"]["schemas"].items()]


def _schema(name: str, schema: dict[str, Any]) -> Markup:
    required = set(schema.get("required", ()))
    rows = [
        (
            (tag("code", key), tag("span", " required", class_="need") if key in required else ""),
            _kind(value),
            inline(value.get("description", "")),
        )
        for key, value in schema.get("properties", {}).items()
    ]
    about = schema.get("description", "")
    values = tag("p", [(tag("code", str(value)), " ") for value in schema.get("enum", ())])
    table = _table(("member", "type", ""), rows) if rows else values
    return tag("article", tag("h3", tag("code", name)), prose(about), table, id=f"schema-{name}")


def _kind(schema: dict[str, Any]) -> Content:
    """Return the type of a schema in a few words, linked where it has a name."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMA_PREFIX)
        return tag("a", tag("code", name), href=f"#schema-{name}")
    if "anyOf" in schema:
        parts = [_kind(each) for each in schema["anyOf"]]
        return [(" or " if place else "", part) for place, part in enumerate(parts)]
    if schema.get("type") == "array":
        return "list of ", _kind(schema.get("items", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        return "members of ", _kind(schema["additionalProperties"])
    if "enum" in schema and len(schema["enum"]) <= len("enum"):
        return tag("span", " | ".join(str(value) for value in schema["enum"]), class_="type")
    return tag(
        "span", schema.get("format") or schema.get("const") or schema.get("type", "any"), class_="type"
    )


def _table(headings: tuple[str, ...], rows: Sequence[Iterable[Content]]) -> Markup:
    head = tag("tr", [tag("th", text) for text in headings])
    body = [tag("tr", [tag("td", cell) for cell in row]) for row in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="wide")


def _pretty(example: object) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)


async def get_page(_request: web.Request) -> web.Response:
    """Answer with the page."""
    return web.Response(text=page(), content_type="text/html", headers=_HEADERS)


async def get_style(_request: web.Request) -> web.Response:
    """Answer with the style sheet."""
    return web.Response(text=_style(), content_type="text/css")


async def get_document(_request: web.Request) -> web.Response:
    """Answer with the OpenAPI document."""
    return web.Response(text=rendered(), content_type="application/json")


@cache
def _style() -> str:
    return _STYLE.read_text(encoding="utf-8")


def add_pages(app: web.Application) -> None:
    """Add the page, its style sheet and the document."""
    app.router.add_get("/docs", get_page)
    app.router.add_get("/docs/style.css", get_style)
    app.router.add_get("/v1/openapi.json", get_document)
