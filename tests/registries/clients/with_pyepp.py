"""A registrar's day with pyepp: settings as JSON on stdin, what was seen as JSON on stdout.

pyepp takes the CA from where OpenSSL looks by itself: the variable SSL_CERT_FILE.
"""

import json
import sys
from typing import Any

from pyepp import (
    AddressData,
    Contact,
    ContactData,
    Domain,
    DomainData,
    EppCommunicator,
    EppResultData,
    Host,
    HostData,
    IPAddressData,
    Poll,
    PostalInfoData,
)


def _done(result: EppResultData) -> Any:
    if result.code >= 2000:
        raise SystemExit(f"{result.code}: {result.message}")
    return result.result_data


def _contact(handle: str, name: str, email: str) -> ContactData:
    address = AddressData(
        street_1="Gässli 1", city="Zürich", province="ZH", postal_code="8001", country_code="CH"
    )
    return ContactData(
        id=handle,
        postal_info=PostalInfoData(name=name, organization="Münze AG", address=address),
        phone="+41.446681800",
        email=email,
        password="contact-secret",
    )


def _contacts(epp: EppCommunicator) -> dict[str, Any]:
    contacts = Contact(epp)
    _done(contacts.create(_contact("owner-1", "Anna Müller", "anna@home.example")))
    _done(contacts.create(_contact("proxy-1", "Cloak Desk", "desk@cloak.example")))
    contact = _done(contacts.info("owner-1"))
    _done(contacts.update(ContactData(id="owner-1", email="anna@work.example")))
    return {
        "name": contact.postal_info.name,
        "city": contact.postal_info.address.city,
        "voice": contact.phone,
        "email": [contact.email, _done(contacts.info("owner-1")).email],
    }


def _registration(epp: EppCommunicator) -> dict[str, Any]:
    domains, hosts = Domain(epp), Host(epp)
    _done(hosts.create(HostData("ns1.elsewhere.example")))
    free = _done(domains.check(["swap.test"]))["swap.test"]["avail"]
    wanted = DomainData(
        "swap.test",
        period=1,
        registrant="owner-1",
        admin="owner-1",
        host=["ns1.elsewhere.example"],
        password="domain-secret",
    )
    _done(domains.create(wanted))
    taken = _done(domains.check(["swap.test"]))["swap.test"]["avail"]
    addresses = [IPAddressData("192.0.2.1", "v4"), IPAddressData("2001:db8::1", "v6")]
    _done(hosts.create(HostData("ns2.swap.test", addresses)))
    _done(domains.update("swap.test", add_hosts=["ns2.swap.test"]))
    domain = _done(domains.info("swap.test"))
    return {
        "available": [int(free), int(taken)],
        "addresses": sorted(found.address for found in _done(hosts.info("ns2.swap.test")).address),
        "created": domain.create_date,
        "expires": domain.expiry_date,
        "servers": sorted(domain.host),
        "linked": Contact(epp).delete("owner-1").code,
    }


def _swap(epp: EppCommunicator) -> dict[str, Any]:
    domains = Domain(epp)
    before = _done(domains.info("swap.test"))
    _done(
        domains.update("swap.test", registrant="proxy-1", add_admins=["proxy-1"], remove_admins=["owner-1"])
    )
    after = _done(domains.info("swap.test"))
    _done(Contact(epp).delete("owner-1"))
    return {"registrant": [before.registrant, after.registrant], "admin": [before.admin, after.admin]}


def _end(epp: EppCommunicator) -> dict[str, Any]:
    message = _done(Poll(epp).request())
    left = _done(Poll(epp).acknowledge(message.message_id))
    _done(Domain(epp).update("swap.test", remove_hosts=["ns2.swap.test"]))
    _done(Host(epp).delete("ns2.swap.test"))
    _done(Domain(epp).delete("swap.test"))
    _done(Contact(epp).delete("proxy-1"))
    _done(Host(epp).delete("ns1.elsewhere.example"))
    return {
        "message": message.messages[0].message,
        "waiting": [message.message_count, left.message_count],
        "gone": [Domain(epp).info("swap.test").code, Contact(epp).info("proxy-1").code],
    }


def _main() -> None:
    to = json.load(sys.stdin)
    epp = EppCommunicator(to["host"], to["port"], to["cert"], to["key"])
    seen: dict[str, Any] = {"server": epp.connect().decode().partition("<svID>")[2].partition("<")[0]}
    _done(epp.login(to["account"], to["password"]))
    for part in (_contacts, _registration, _swap, _end):
        seen |= part(epp)
    _done(epp.logout())
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    _main()
