"""Our own answers, judged by the look that we take at others."""

from pathlib import Path

import pytest

from registries.lookup.document import Document
from registries.lookup.evidence import Evidence
from registries.lookup.verdict import Expectation, Verdict, judge
from tests.whoisproxy.publication.samples import BRAND, IDENTITIES, REGISTRANT
from whoisproxy.services.identities import proxy_contact, registrant_contact

_DATA = Path(__file__).parents[2] / "data"
WANTED = [proxy_contact(identity) for identity in IDENTITIES.values()]
HIDDEN = Expectation(
    "cheese.com",
    Evidence(registrant_contact(REGISTRANT), WANTED),
    tuple(contact.email for contact in WANTED),
    (BRAND.organization,),
)


@pytest.mark.parametrize(
    ("file", "verdict"),
    [
        ("rdap/hidden.json", Verdict.CLEAN),
        ("whois/hidden.txt", Verdict.CLEAN),
        ("rdap/shown.json", Verdict.LEAK),
        ("whois/shown.txt", Verdict.LEAK),
        ("rdap/withheld-by-registry.json", Verdict.UNKNOWN),
        ("whois/withheld-by-registry.txt", Verdict.UNKNOWN),
    ],
)
def test_what_we_publish_is_what_a_look_finds(file: str, verdict: Verdict) -> None:
    source = file.partition("/")[0]
    document = Document(source, (_DATA / file).read_text(encoding="utf-8"))
    assert judge(document, HIDDEN).verdict is verdict
