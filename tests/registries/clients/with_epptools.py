"""A registrar's day with epptools: settings as JSON on stdin, what was seen as JSON on stdout."""

import json
import sys
from typing import Any

import epptools


def _contact(name: str, email: str) -> dict[str, Any]:
    return {
        "name": name,
        "org": "Münze AG",
        "street": ["Gässli 1"],
        "city": "Zürich",
        "sp": "ZH",
        "pc": "8001",
        "cc": "CH",
        "type": "loc",
        "voice": "+41.446681800",
        "email": email,
        "auth_info": "contact-secret",
    }


def _refused(client: epptools.Client, kind: str, object_id: str, verb: str = "info") -> int:
    client.throw_on_failure(throw=False)
    code: int = getattr(getattr(client, kind), verb)(object_id).code()
    client.throw_on_failure()
    return code


def _contacts(client: epptools.Client) -> dict[str, Any]:
    client.contact.create("owner-1", **_contact("Anna Müller", "anna@home.example"))
    client.contact.create("proxy-1", **_contact("Cloak Desk", "desk@cloak.example"))
    contact = client.contact.info("owner-1")
    client.contact.update("owner-1", change={"email": "anna@work.example"})
    postal = contact.postal_info()["loc"]
    return {
        "name": postal["name"],
        "city": postal["city"],
        "voice": contact.voice(),
        "email": [contact.email(), client.contact.info("owner-1").email()],
    }


def _registration(client: epptools.Client) -> dict[str, Any]:
    client.host.create("ns1.elsewhere.example")
    free = client.domain.check(["swap.test"]).is_available("swap.test")
    client.domain.create(
        "swap.test",
        years=1,
        registrant="owner-1",
        contacts={"admin": "owner-1"},
        nameservers=["ns1.elsewhere.example"],
        auth_info="domain-secret",
    )
    taken = client.domain.check(["swap.test"]).is_available("swap.test")
    client.host.create("ns2.swap.test", ["192.0.2.1", "2001:db8::1"])
    client.domain.update("swap.test", add={"ns": ["ns2.swap.test"]})
    domain = client.domain.info("swap.test")
    return {
        "available": [int(bool(free)), int(bool(taken))],
        "addresses": sorted(found["ip"] for found in client.host.info("ns2.swap.test").host_addresses()),
        "created": domain.created_date(),
        "expires": domain.expiry_date(),
        "servers": sorted(domain.nameservers()),
        "linked": _refused(client, "contact", "owner-1", "delete"),
    }


def _swap(client: epptools.Client) -> dict[str, Any]:
    before = client.domain.info("swap.test")
    client.domain.update(
        "swap.test",
        add={"contacts": {"admin": "proxy-1"}},
        remove={"contacts": {"admin": "owner-1"}},
        change={"registrant": "proxy-1"},
    )
    after = client.domain.info("swap.test")
    client.contact.delete("owner-1")
    return {
        "registrant": [before.registrant(), after.registrant()],
        "admin": [*before.admin_contacts(), *after.admin_contacts()],
    }


def _end(client: epptools.Client) -> dict[str, Any]:
    message = client.poll.request()
    left = client.poll.ack(message.message_id() or "")
    client.domain.update("swap.test", remove={"ns": ["ns2.swap.test"]})
    client.host.delete("ns2.swap.test")
    client.domain.delete("swap.test")
    client.contact.delete("proxy-1")
    client.host.delete("ns1.elsewhere.example")
    return {
        "message": message.queue_message(),
        "waiting": [message.message_count(), left.message_count()],
        "gone": [_refused(client, "domain", "swap.test"), _refused(client, "contact", "proxy-1")],
    }


def _main() -> None:
    to = json.load(sys.stdin)
    client = epptools.Client(
        epptools.Config(
            host=to["host"],
            port=to["port"],
            clid=to["account"],
            password=to["password"],
            ca_file=to["ca"],
            client_cert=to["cert"],
            client_key=to["key"],
        )
    )
    seen = {"server": client.connect().value("svID")}
    client.login()
    for part in (_contacts, _registration, _swap, _end):
        seen |= part(client)
    client.logout()
    client.disconnect()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    _main()
