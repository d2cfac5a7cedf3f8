"""Name servers (RFC 9083 section 5.2), in domains and by themselves."""

import hashlib
from typing import Any

from whoisproxy.publication.answer import View
from whoisproxy.publication.rdap.entities import named_registrar
from whoisproxy.publication.rdap.members import CONFORMANCE, database_event, dumps, self_link, written_notices
from whoisproxy.publication.record import RddsHost, RddsNameserver

_HANDLE_OCTETS = 10


def nameserver_json(
    host: RddsHost, base_url: str, view: View = View.RDAP, *, repository_id: str = ""
) -> bytes:
    """Return the answer to a query for a name server (RFC 9082 section 3.1.4).

    Args:
        host: What may be shown.
        base_url: The service as the outside sees it, without a final slash.
        view: How contacts are written.
        repository_id: Repository identifier of this service in IANA's list (RFC 5730 section 2.8), by
            which it names hosts; without one they have no handle.
    """
    name = host.nameserver.name
    url = f"{base_url}/nameserver/{name}"
    document: dict[str, Any] = {"rdapConformance": CONFORMANCE[view]}
    document |= nameserver(host.nameserver)
    if repository_id:
        document["handle"] = _handle(name, repository_id)
    document |= {
        # Somebody delegates to it, or it would not be held here.
        "status": ["associated"],
        "events": [database_event(host.read_at)],
        "entities": [named_registrar(host.registrar, base_url, view)],
        "links": [self_link(url)],
        "notices": written_notices(host.registrar.terms_url, url),
    }
    return dumps(document)


def nameserver(host: RddsNameserver) -> dict[str, Any]:
    """Return what domains and its own answer tell of a name server."""
    told: dict[str, Any] = {"objectClassName": "nameserver", "ldhName": host.name}
    if host.unicode_name != host.name:
        told["unicodeName"] = host.unicode_name
    if host.addresses:
        told["ipAddresses"] = _addresses(host.addresses)
    return told


def _addresses(addresses: tuple[str, ...]) -> dict[str, list[str]]:
    families = {
        "v4": [address for address in addresses if ":" not in address],
        "v6": [address for address in addresses if ":" in address],
    }
    return {family: members for family, members in families.items() if members}


def _handle(name: str, repository_id: str) -> str:
    digest = hashlib.blake2b(name.encode(), digest_size=_HANDLE_OCTETS).hexdigest()
    return f"H{digest}-{repository_id}"
