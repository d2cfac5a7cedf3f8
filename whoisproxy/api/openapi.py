"""The OpenAPI 3.1 document of the API, made from the table of routes and the models.

Run as a program it prints the document; the order of everything is that of the tables, so the same
code prints the same octets.
"""

import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from whoisproxy.api.models.common import Nothing
from whoisproxy.api.models.problem import ProblemModel
from whoisproxy.api.problems import CONTENT_TYPE, KINDS
from whoisproxy.api.routing import Reply, Route, Tag, problem_codes
from whoisproxy.api.table import ROUTES

_REF = "#/components/schemas/{model}"
_NDJSON = "application/x-ndjson"
_SCHEME = "apiKey"
_VERSION = "1.0.0"  # of the API; grows when clients have to know
_NOT_MODIFIED = 304
_ENTITY_TAG = r'(W/)?"[!#-~]*"'
_TAGS_PATTERN = rf"^(\*|{_ENTITY_TAG}(, ?{_ENTITY_TAG})*)$"

_ABOUT = """\
Switch WHOIS privacy per domain, and read what the world sees.

Every answer carries `X-Request-Id`; errors are problem details (RFC 9457) whose `code` is stable and whose
`retry` says whether the same request may succeed later. Give every unsafe request an `Idempotency-Key`: sent
twice it is carried out once, and the kept answer carries `Idempotency-Replayed: true`."""

_TAGS: Mapping[Tag, str] = {
    Tag.DOMAINS: "Domains and their holders, as you report them.",
    Tag.PRIVACY: "What is wanted, what the world sees, and how to change it.",
    Tag.DISCLOSURES: "Who may see what of a registrant over RDAP, until when, and who did.",
    Tag.CORRECTIONS: "What owners say is wrong in the data that you reported of them.",
    Tag.MESSAGES: "What was relayed to the owner, and what was kept back.",
    Tag.OPERATIONS: "Work that goes on after the answer.",
    Tag.REGISTRY_MESSAGES: "What registries had to say, apart from what ends our own work.",
    Tag.REGISTRY_TASKS: "Changes that your backend makes at its registry, where you keep that connection.",
    Tag.TLDS: "Which mechanism each TLD has, why, and by which source.",
    Tag.EVENTS: "What happened, in order.",
    Tag.PAGES: "The pages that owners of your domains see.",
    Tag.WEBHOOKS: "Where we tell your backend of events, signed.",
    Tag.HEALTH: "For the operator; no API key needed.",
}

_PATH_PARAMETERS: Mapping[str, dict[str, object]] = {
    "name": {
        "description": "Domain name, A-labels or U-labels, one label below a public suffix.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 253},
        "example": "zoe.example",
    },
    "tld": {
        "description": "TLD or public suffix, such as `com` or `co.uk`.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 253},
        "example": "com",
    },
    "id": {
        "description": "Identifier, as another answer gave it.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
}

_REQUEST_HEADERS: Mapping[str, dict[str, object]] = {
    "Idempotency-Key": {
        "description": "Carry this request out once, however often it is sent.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    },
    "If-Match": {
        "description": "Carry the request out only if the resource still has this entity tag.",
        "schema": {"type": "string", "pattern": _TAGS_PATTERN},
    },
    "If-None-Match": {
        "description": "Answer 304 if the resource still has this entity tag.",
        "schema": {"type": "string", "pattern": _TAGS_PATTERN},
    },
}

_RESPONSE_HEADERS: Mapping[str, dict[str, object]] = {
    "X-Request-Id": {
        "description": "Names this request.",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    },
    "ETag": {"description": "Strong entity tag.", "required": True, "schema": {"type": "string"}},
    "Location": {"description": "Where to go on.", "required": True, "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds until it is worth asking again.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[1-9][0-9]*$"},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate (RFC 6750).",
        "required": True,
        "schema": {"type": "string"},
    },
    "Allow": {"description": "Methods of the resource.", "required": True, "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "The kept answer of the first request with this key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

_HEADERS_OF_STATUS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


@cache
def document() -> dict[str, Any]:
    """Return the document as JSON values."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "whoisproxy",
            "version": _VERSION,
            "summary": "WHOIS privacy for registrars",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": _TAGS[tag]} for tag in Tag],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "headers": dict(_RESPONSE_HEADERS),
            "securitySchemes": {
                _SCHEME: {"type": "http", "scheme": "bearer", "description": "API key, `wp_...`."}
            },
        },
    }


def _operation(route: Route[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": route.summary,
    }
    if route.description:
        operation["description"] = route.description
    if route.scope is not None:
        operation["security"] = [{_SCHEME: []}]
        operation["x-scope"] = route.scope
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.reads:
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": _request_content(route),
        }
    operation["responses"] = _responses(route)
    return operation


def _request_content(route: Route[Any, Any]) -> dict[str, Any]:
    if route.line is None:
        return {"application/json": {"schema": _ref(route.body)}}
    return {_NDJSON: _lines(route.line)}


def _lines(model: type[BaseModel]) -> dict[str, Any]:
    # OpenAPI 3.1 has no word for a sequence of lines: any body is one, and x-line names the schema of each.
    return {"schema": {"description": "JSON objects, one on each line."}, "x-line": _ref(model)}


def _parameters(route: Route[Any, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, **_PATH_PARAMETERS[name]} for name in route.parameters
    ]
    found += _query_parameters(route.query)
    names = ["Idempotency-Key"] if route.unsafe else []
    names += {"read": ["If-None-Match"], "write": ["If-Match"], "": []}[route.conditional]
    return found + [{"name": name, "in": "header", **_REQUEST_HEADERS[name]} for name in names]


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(mode="validation", schema_generator=_Schemas)
    return [_query_parameter(name, dict(value)) for name, value in schema.get("properties", {}).items()]


def _query_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    # An optional parameter is absent or a value; in a query there is no null.
    for choice in schema.pop("anyOf", []):
        if choice != {"type": "null"}:
            schema.update(choice)
    description = schema.pop("description", "")
    schema.pop("title", None)
    if schema.get("default", ...) is None:
        del schema["default"]
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _responses(route: Route[Any, Any]) -> dict[str, Any]:
    responses = {str(status): _reply(status, reply, route) for status, reply in route.replies.items()}
    if route.conditional == "read":
        responses[str(_NOT_MODIFIED)] = {
            "description": "Not modified: If-None-Match names the present entity tag",
            "headers": _headers("ETag"),
        }
    by_status: dict[int, list[str]] = {}
    for code in problem_codes(route):
        by_status.setdefault(KINDS[code].status, []).append(code)
    for status, codes in by_status.items():
        _add_problem(responses, status, codes)
    return dict(sorted(responses.items()))


def _reply(status: int, reply: Reply, route: Route[Any, Any]) -> dict[str, Any]:
    names = list(reply.headers)
    if route.unsafe and status not in _HEADERS_OF_STATUS:
        names.append("Idempotency-Replayed")
    response: dict[str, Any] = {"description": reply.description, "headers": _headers(*names)}
    if reply.model is None:
        return response
    if reply.media_type == _NDJSON:
        response["content"] = {_NDJSON: _lines(reply.model)}
    else:
        response["content"] = {reply.media_type: {"schema": _ref(reply.model)}}
    return response


def _add_problem(responses: dict[str, Any], status: int, codes: list[str]) -> None:
    described = "; ".join(KINDS[code].title for code in codes)
    headers = _headers(*_HEADERS_OF_STATUS.get(status, ()))
    # A status that the route answers with itself keeps its own headers and gains a second media type.
    response = responses.setdefault(
        str(status), {"description": described, "headers": headers, "content": {}}
    )
    response["content"][CONTENT_TYPE] = {"schema": _ref(ProblemModel)}
    response["x-codes"] = codes


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


class _Schemas(GenerateJsonSchema):
    """Keeps members in the order of the models, and adds no titles that repeat their names."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """Leave the order."""
        del parent_key
        return value

    def field_title_should_be_set(self, schema: object) -> bool:
        """Say no."""
        del schema
        return False


def _schemas() -> dict[str, Any]:
    requests = {model for route in ROUTES for model in (route.body, route.line) if model} - {Nothing}
    answers: set[type[BaseModel]] = {ProblemModel}
    answers |= {reply.model for route in ROUTES for reply in route.replies.values() if reply.model}
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = []
    wanted += [(model, "validation") for model in requests]
    wanted += [(model, "serialization") for model in answers]
    wanted.sort(key=lambda pair: pair[0].__name__)
    _, definitions = models_json_schema(wanted, ref_template=_REF, schema_generator=_Schemas)
    return dict(sorted(definitions["$defs"].items()))


def rendered() -> str:
    """Return the document as it is published: indented, in a stable order, with a final line end."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(rendered())
