"""Redirection to the service that knows a name, by IANA's bootstrap file (RFC 9224)."""

import json
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.whoisproxy.rdds_servers.rdap_site import BASE_URL, site
from whoisproxy.config import ConfigurationError
from whoisproxy.publication.answer import ObjectKind, Question, View
from whoisproxy.rdds_servers.rdap_bootstrap import Bootstrap, Elsewhere

SERVICES = [
    [["com", "net"], ["http://rdap.com.example/com/", "https://rdap.com.example/com/"]],
    [["co.uk", "uk"], ["https://rdap.uk.example"]],
    [["de"], [f"{BASE_URL}/"]],
    [["fr"], ["http://rdap.cloak.example:80"]],
    [["XN--P1AI"], ["https://rdap.rf.example/"]],
    [["invalid", "test"], ["https://rdap.wrong.example/"]],
    [["zz"], ["ftp://rdap.zz.example/", "https://rdap.zz.example/\nx"]],
]


def write(file: Path, services: object = SERVICES) -> Path:
    file.write_text(
        json.dumps({"version": "1.0", "publication": "2026-11-20T19:00:01Z", "services": services})
    )
    return file


def domain(name: str) -> Question:
    return Question(View.RDAP, ObjectKind.DOMAIN, name)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("nobody.com", "https://rdap.com.example/com/domain/nobody.com"),
        ("www.nobody.net", "https://rdap.com.example/com/domain/www.nobody.net"),
        ("a.co.uk", "https://rdap.uk.example/domain/a.co.uk"),
        ("a.xn--p1ai", "https://rdap.rf.example/domain/a.xn--p1ai"),
        # No service is known, or none that can be used.
        ("a.ch", None),
        ("a.zz", None),
        ("com", None),
        # Ourselves.
        ("a.de", None),
        ("a.fr", None),
        # 13006: no registry has these.
        ("test.invalid", None),
        ("a.test", None),
    ],
)
def test_a_name_is_sent_to_the_service_of_its_tld(tmp_path: Path, name: str, url: str | None) -> None:
    assert Elsewhere(write(tmp_path / "dns.json"), BASE_URL)(domain(name)) == url


def test_a_name_server_is_sent_on_and_an_entity_is_not(tmp_path: Path) -> None:
    elsewhere = Elsewhere(write(tmp_path / "dns.json"), BASE_URL)
    host = Question(View.JSCONTACT, ObjectKind.NAMESERVER, "ns1.a.com")
    assert elsewhere(host) == "https://rdap.com.example/com/nameserver/ns1.a.com"
    assert elsewhere(Question(View.RDAP, ObjectKind.ENTITY, "a.com")) is None


def test_a_file_that_changes_is_read_again_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "dns.json")
    elsewhere = Elsewhere(file, BASE_URL)
    write(tmp_path / "new.json", [[["com"], ["https://other.example/"]]]).rename(file)
    assert elsewhere(domain("a.com")) == "https://other.example/domain/a.com"
    with capture_logs() as logs:
        for text in ("{", None):
            if text is None:
                file.unlink()
            else:
                file.write_text(text)
                os.utime(file, (1, 1))
            for _ in range(2):
                assert elsewhere(domain("a.com")) == "https://other.example/domain/a.com"
    assert [log["event"] for log in logs] == ["rdap-bootstrap-not-read"] * 2


@pytest.mark.parametrize(
    "text", ["", "[]", '{"services": []}', '{"publication": "x", "services": [[["com"]]]}']
)
def test_a_file_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dns.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"dns\.json: is no bootstrap file"):
        Bootstrap.read(file)


async def test_a_query_for_a_name_that_is_not_held_is_redirected(tmp_path: Path) -> None:
    async with site(elsewhere=Elsewhere(write(tmp_path / "dns.json"), BASE_URL)) as rdap:
        (await rdap.get("/domain/cheese.com")).document(200)
        for method in ("GET", "HEAD"):
            got = await rdap.get("/domain/NOBODY.com", method)
            assert got.status == 302
            assert got.headers["Location"] == "https://rdap.com.example/com/domain/nobody.com"
            assert got.headers["Content-Type"] == "application/rdap+json"
            assert got.headers["Access-Control-Allow-Origin"] == "*"
        for path in (
            "/domain/nobody.de",
            "/domain/test.invalid",
            "/domain/not-a-domain.invalid",
            "/entity/1",
        ):
            (await rdap.get(path)).document(404)
