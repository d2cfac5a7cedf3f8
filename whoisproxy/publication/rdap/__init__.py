"""Publish objects in RDAP (RFC 9083), marking redactions (RFC 9537), by ICANN's profile of February 2024.

Takes records, which hold only what the public may see; deciding that is the job of
`publication.redaction`. A contact is a jCard (RFC 7095), or a JSContact (RFC 9553) for a client that asks
for it. HTTP is the business of `rdds_servers`.
"""

from whoisproxy.publication.rdap.domain import domain_json
from whoisproxy.publication.rdap.entities import entity_json
from whoisproxy.publication.rdap.members import CONTENT_TYPE
from whoisproxy.publication.rdap.nameservers import nameserver_json
from whoisproxy.publication.rdap.service import error_json, help_json

__all__ = ["CONTENT_TYPE", "domain_json", "entity_json", "error_json", "help_json", "nameserver_json"]
