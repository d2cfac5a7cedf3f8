"""The official schemas, compiled in the sets in which their owners publish them."""

from functools import cache
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).parents[3]
FOLDER = ROOT.parent / "shared" / "data" / "epp" / "xsd"


@cache
def schema(owner: str) -> etree.XMLSchema:
    """Return all schemas of one folder as one: `icann`, `eurid`, `nominet`."""
    folder = FOLDER / owner
    if not folder.is_dir():
        pytest.skip("the official EPP schemas are not here")
    imports = []
    for file in sorted(folder.glob("*.xsd")):
        namespace = etree.parse(file).getroot().get("targetNamespace")
        imports.append(f'<import namespace="{namespace}" schemaLocation="{file.as_uri()}"/>')
    return etree.XMLSchema(
        etree.XML(f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{"".join(imports)}</schema>')
    )
