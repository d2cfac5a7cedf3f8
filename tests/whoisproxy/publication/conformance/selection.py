"""Find parts of an RDAP document: by name anywhere, by class, and by the JSONPath that redactions use."""

import re
from collections.abc import Iterator
from typing import Any


def members(node: Any, name: str) -> Iterator[Any]:
    """Yield every member of that name, at any depth."""
    if isinstance(node, dict):
        if name in node:
            yield node[name]
        for inner in node.values():
            yield from members(inner, name)
    elif isinstance(node, list):
        for inner in node:
            yield from members(inner, name)


def items(node: Any, name: str) -> Iterator[Any]:
    """Yield the items of every member of that name."""
    for found in members(node, name):
        yield from found if isinstance(found, list) else ()


def objects(node: Any, name: str) -> Iterator[Any]:
    """Yield every object of that class, the document itself included."""
    if isinstance(node, dict):
        if node.get("objectClassName") == name:
            yield node
        for inner in node.values():
            yield from objects(inner, name)
    elif isinstance(node, list):
        for inner in node:
            yield from objects(inner, name)


def with_role(node: Any, role: str) -> list[Any]:
    """Return the entities of that role, directly below the object."""
    return [one for one in node.get("entities", []) if role in one.get("roles", [])]


def lines(entity: Any, name: str) -> list[Any]:
    """Return the properties of that name of an entity's jCard."""
    return [line for line in entity["vcardArray"][1] if line[0] == name]


def properties(node: Any, name: str | None = None) -> Iterator[Any]:
    """Yield the properties of every jCard, or those of one name."""
    for card in members(node, "vcardArray"):
        for line in card[1]:
            if name is None or line[0] == name:
                yield line


def voice(entity: Any) -> list[Any]:
    """Return the telephone numbers of an entity that are for speech."""
    return [line for line in lines(entity, "tel") if "voice" in line[1].get("type", "")]


_STEP = re.compile(r"\.\w+|\[\d+\]|\[\?\(.*?\)\]|\['.*?'\]")


def select(path: str, root: Any) -> list[Any]:
    """Evaluate a path (RFC 9535).

    Raises:
        ValueError: It is not of the kinds that we write.
    """
    steps = _STEP.findall(path)
    if "$" + "".join(steps) != path:
        raise ValueError(path)
    nodes = [root]
    for step in steps:
        nodes = [found for node in nodes for found in _follow(step, node)]
    return nodes


def _follow(step: str, node: Any) -> list[Any]:
    if step.startswith("[?"):
        match = re.fullmatch(r"\[\?\(@(.*)=='(.*)'\)\]", step)
        if match is None:
            raise ValueError(step)
        return [item for item in node if select(f"${match[1]}", item) == [match[2]]]
    key: Any = int(step[1:-1]) if step[1].isdigit() else step.strip(".[]'")
    try:
        return [node[key]]
    except (KeyError, IndexError, TypeError):
        return []
