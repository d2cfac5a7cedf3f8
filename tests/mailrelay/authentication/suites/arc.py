"""ValiMail's ARC test suite: validation of chains, and sealing in the suite's standard form."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mailrelay.authentication.arc import validate_arc
from mailrelay.authentication.arc_sealing import Sealer, seal
from mailrelay.authentication.results import Result
from mailrelay.authentication.results_field import authserv_id
from mailrelay.authentication.signature import SignedMessage
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage, canonical_line_ends
from tests.mailrelay.authentication.suites.outcome import Outcome
from whoisproxy.demo.dns_server import DnsServer

NOW = datetime(2026, 6, 1, tzinfo=UTC)
_FIELDS = {"AS": "arc-seal", "AMS": "arc-message-signature", "AAR": "arc-authentication-results"}


async def validate(path: Path) -> list[Outcome]:
    """Validate the chains of all scenarios; a chain that had failed before has no result in the suite."""
    outcomes: list[Outcome] = []
    for scenario in _scenarios(path):
        async with DnsServer() as server:
            _publish(server, scenario)
            resolver = Resolver([server.nameserver])
            for name, case in scenario["tests"].items():
                found = await validate_arc(SignedMessage(_message(case)), resolver, NOW)
                wanted = (case["cv"] or "fail").lower()
                outcomes.append(Outcome(name, (wanted,), found.result.value))
    return outcomes


async def sign(path: Path) -> list[Outcome]:
    """Seal the messages of all scenarios and compare the three fields, blanks apart."""
    outcomes: list[Outcome] = []
    for scenario in _scenarios(path):
        key = load_pem_private_key(scenario["privatekey"].encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        sealer = Sealer(scenario["domain"], scenario["sel"], key)
        for name, case in scenario["tests"].items():
            outcomes.append(Outcome(name, ("same",), _compare(case, sealer)))
    return outcomes


def _compare(case: dict[str, Any], sealer: Sealer) -> str:
    message = _message(case)
    results, status = _told(message, case["srv-id"])
    names = case["sig-headers"].split(":")
    now = datetime.fromtimestamp(case["t"], UTC)
    sealed = seal(message, results, status, sealer, now, names)
    added = sealed.fields[: len(sealed.fields) - len(message.fields)]
    made = {field.name.lower(): field.value for field in added}
    differing = [
        short for short, name in _FIELDS.items() if _bare(made.get(name, "")) != _bare(case[short] or "")
    ]
    return " ".join(differing) or "same"


def _told(message: RawMessage, host: str) -> tuple[str, Result]:
    """Join the results that the host wrote before it seals; they hold the status of the chain, too."""
    own = [value for value in message.all("Authentication-Results") if authserv_id(value) == host]
    parts = [part.strip() for value in own for part in value.partition(";")[2].split(";") if part.strip()]
    status = re.search(r"arc=(\w+)", " ".join(parts))
    return f"{host}; " + "; ".join(parts), Result(status[1] if status else "none")


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _scenarios(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def _publish(server: DnsServer, scenario: dict[str, Any]) -> None:
    for name, text in scenario["txt-records"].items():
        if text:
            server.set(name, "TXT", "".join(text.split("\n")))


def _message(case: dict[str, Any]) -> RawMessage:
    return RawMessage.parse(canonical_line_ends(case["message"].encode()))
