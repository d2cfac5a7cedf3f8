"""Write objects as WHOIS text (RFC 3912), with the fields and the order of ICANN's specifications.

Takes records, which hold only what the public may see; deciding that is the job of `publication.redaction`.
"""

from whoisproxy.publication.whois.domain import domain_text
from whoisproxy.publication.whois.objects import nameserver_text, registrar_text

__all__ = ["domain_text", "nameserver_text", "registrar_text"]
