"""`whoisproxy rdds`: saved answers are judged offline, and directories are asked as anybody asks them."""

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.whoisproxy.cli.conftest import REGISTRANT, Run
from whoisproxy.cli.failures import Exit

ANSWER = "Domain Name: EXAMPLE.ORG\nRegistrar: Some Registrar\nRegistrant Name: REDACTED FOR PRIVACY\n"


@pytest.fixture
def registrant(tmp_path: Path) -> Path:
    file = tmp_path / "registrant.json"
    file.write_text(json.dumps(REGISTRANT))
    return file


def scanned(
    run: Run, tmp_path: Path, text: str, registrant: Path, *more: str
) -> tuple[int, dict[str, object]]:
    file = tmp_path / "answer.txt"
    file.write_text(text)
    ended = run("rdds", "scan", str(file), "--registrant", str(registrant), *more)
    return ended.code, ended.json()


def test_a_clean_answer_is_clean(run: Run, tmp_path: Path, registrant: Path) -> None:
    code, said = scanned(run, tmp_path, ANSWER, registrant)
    assert (code, said["verdict"], said["hits"], said["domain"]) == (Exit.DONE, "clean", [], "example.org")


def test_a_trace_is_told_by_field_form_and_line(run: Run, tmp_path: Path, registrant: Path) -> None:
    hidden = base64.b64encode(b"zoe@home.example").decode()
    code, said = scanned(run, tmp_path, f"{ANSWER}Remark: {hidden}\n", registrant)
    assert (code, said["verdict"]) == (Exit.REFUSED, "leak")
    assert said["hits"] == [{"field": "email", "form": "base64", "line": 4}]


def test_rdap_is_known_by_its_first_character(run: Run, tmp_path: Path, registrant: Path) -> None:
    answer = {"objectClassName": "domain", "ldhName": "example.org", "remarks": ["Zo\u00eb M\u00fcller"]}
    code, said = scanned(run, tmp_path, json.dumps(answer, indent=1), registrant)
    assert (code, said["hits"]) == (Exit.REFUSED, [{"field": "name", "form": "plain", "line": 5}])


@pytest.mark.parametrize(
    "text", ["", "No match for EXAMPLE.ORG", "Query rate exceeded", '{"errorCode": 404}']
)
def test_no_data_is_never_clean(run: Run, tmp_path: Path, registrant: Path, text: str) -> None:
    code, said = scanned(run, tmp_path, text, registrant)
    assert (code, said["verdict"], said["doubt"]) == (Exit.LATER, "unknown", "other-domain")


def test_whom_to_look_for_may_be_a_registrars_looser_row(run: Run, tmp_path: Path) -> None:
    row = {"name": "Ann Lee", "emails": ["a@one.example", "b@two.example"], "zip": "2000", "town": "Bern"}
    file = tmp_path / "row.json"
    file.write_text(json.dumps({"registrant": row}))
    code, said = scanned(run, tmp_path, f"{ANSWER}Email: B@two.example\nCity: Bern\nCode: 2000\n", file)
    assert code == Exit.REFUSED
    assert [(hit["field"], hit["line"]) for hit in said["hits"]] == [("email", 4), ("city", 5)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON in UTF-8"),
        ("[]", "must be one JSON object"),
        ("{}", "holds no name, email, phone or street"),
        (None, "No such file"),
    ],
)
def test_a_bad_registrant_file_is_told_in_one_line(
    run: Run, tmp_path: Path, content: str | None, complaint: str
) -> None:
    file = tmp_path / "bad.json"
    if content is not None:
        file.write_text(content)
    ended = run("rdds", "scan", str(file), "--registrant", str(file))
    assert (ended.code, complaint in ended.err, ended.err.count("\n")) == (Exit.USAGE, True, 1)


def test_an_answer_that_cannot_be_read_is_told(run: Run, registrant: Path) -> None:
    ended = run("rdds", "scan", "missing.txt", "--registrant", str(registrant))
    assert (ended.code, ended.err) == (Exit.FAILED, "whoisproxy: missing.txt: No such file or directory\n")


@contextmanager
def whois_server(answer: str) -> Iterator[str]:
    """Give the address of a WHOIS server that says one thing, beside the event loop of a command."""

    class Saying(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(answer.encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Saying) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_look_highlights_what_betrays_the_registrant(run: Run, registrant: Path) -> None:
    with whois_server(f"{ANSWER}Registrant Email: ZOE@home.example\n") as server:
        ended = run("rdds", "look", "example.org", "--registrant", str(registrant), "--whois", server)
        told = run(
            "rdds", "look", "example.org", "--registrant", str(registrant), "--whois", server, "--json"
        )
    assert ended.code == told.code == Exit.REFUSED
    assert "line 4: email (plain)" in " ".join(ended.out.split())
    [view] = told.json()["views"]
    [answer] = view["answers"]
    assert (view["verdict"], answer["server"], answer["answer"].count("\n")) == ("leak", server, 4)


def test_a_domain_that_we_hold_is_looked_at_for_its_own_registrant(run: Run, tmp_path: Path) -> None:
    fields = "domain,name,email,phone,street,city,postal_code,country_code,registrant_verified,nameservers"
    holder = "Zoë Müller,zoe@home.example,+41325550123,Rue 7,Neuchâtel,2000,CH,true,ns1.acme.example"
    (tmp_path / "domains.csv").write_text(f"{fields}\nexample.org,{holder}\n")
    assert run("registrar", "add", "Acme", "--url", "https://acme.example").code == 0
    assert run("import", str(tmp_path / "domains.csv"), "--registrar", "Acme").code == 0
    with whois_server(f"{ANSWER}Tech Name: M%C3%BCller, Zo%C3%AB\n") as server:
        ended = run("rdds", "look", "example.org", "--whois", server, "--json")
    [answer] = ended.json()["views"][0]["answers"]
    assert (ended.code, answer["hits"]) == (
        Exit.REFUSED,
        [{"field": "name", "form": "percent, turned", "line": 4}],
    )


def test_a_look_at_what_is_not_held_needs_a_registrant(run: Run) -> None:
    ended = run("rdds", "look", "example.org", "--whois", "127.0.0.1:1")
    assert (ended.code, "give its registrant by --registrant FILE" in ended.err) == (Exit.REFUSED, True)
