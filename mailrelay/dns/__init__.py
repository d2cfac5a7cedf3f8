"""Ask the DNS for what mail needs; what the answers mean is left to the callers."""

from mailrelay.dns.answer import Answer, Kind, Tlsa
from mailrelay.dns.resolver import Resolver
from mailrelay.dns.servers import DnsTemporaryError

__all__ = ["Answer", "DnsTemporaryError", "Kind", "Resolver", "Tlsa"]
