"""Ask a service for domains with one of the world's clients, and print what it understood as JSON.

    python rdds.py whoisit|asyncwhois|asyncwhois-rdap|python-whois RDAP_URL WHOIS_PORT DOMAIN...

For each domain an object, or {"error": ...} where the client says that there is none. Where the clients know
only IANA's servers and port 43, ours are put in their place; all else is theirs.
"""

import json
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

import asyncwhois
import httpx2
import whodap
import whois
import whoisit

Ask = Callable[[str], Any]


def by_whoisit(url: str, _port: int) -> Ask:
    """Read RDAP by whoisit, over TLS as it demands."""
    served = {
        "dns": [["com"], [f"{url}/"]],
        "asn": [["1-2"], [f"{url}/"]],
        "ipv4": [["192.0.2.0/24"], [f"{url}/"]],
        "ipv6": [["2001:db8::/32"], [f"{url}/"]],
        "object": [[""], ["TEST"], [f"{url}/"]],
    }
    services = {name: {"services": [service]} for name, service in served.items()}
    whoisit.load_bootstrap_data({"timestamp": 1, **services}, from_json=False)
    ask: Ask = whoisit.domain
    return ask


def by_asyncwhois_rdap(url: str, _port: int) -> Ask:
    """Read RDAP by asyncwhois, which asks by whodap."""
    rdap = whodap.DNSClient(httpx2.Client(verify=ssl.create_default_context()))
    rdap._set_iana_info({"services": [[["com"], [f"{url}/"]]]})
    client = asyncwhois.DomainClient(whodap_client=rdap)
    return lambda domain: client.rdap(domain)[1]


def by_asyncwhois(_url: str, port: int) -> Ask:
    """Read WHOIS by asyncwhois."""
    client: Any = asyncwhois.DomainClient(find_authoritative_server=False)
    client.query_obj.whois_port = port
    client.query_obj._get_server_name = lambda _domain: "127.0.0.1"
    return lambda domain: client.whois(domain)[1]


def by_python_whois(_url: str, port: int) -> Ask:
    """Read WHOIS by python-whois."""

    class Socket(socket.socket):
        def connect(self, _address: Any) -> None:
            super().connect(("127.0.0.1", port))

    whois.NICClient.choose_server = lambda _self, _domain: "127.0.0.1"
    whois.NICClient.get_socket = staticmethod(lambda: Socket(socket.AF_INET, socket.SOCK_STREAM))
    return lambda domain: dict(whois.whois(domain))


CLIENTS = {
    "whoisit": by_whoisit,
    "asyncwhois-rdap": by_asyncwhois_rdap,
    "asyncwhois": by_asyncwhois,
    "python-whois": by_python_whois,
}


def main() -> None:
    """Ask for each domain."""
    name, url, port, *domains = sys.argv[1:]
    ask = CLIENTS[name](url, int(port))
    answers: list[Any] = []
    for domain in domains:
        try:
            answers.append(ask(domain))
        except Exception as error:  # noqa: BLE001 - what a client raises is its answer
            answers.append({"error": type(error).__name__})
    sys.stdout.write(json.dumps(answers, default=str))


if __name__ == "__main__":
    main()
