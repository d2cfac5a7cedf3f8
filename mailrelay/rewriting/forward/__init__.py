"""Make a stranger's message fit for the owner: correspondent -> owner.

The body is passed on octet for octet. The header says who wrote, by which domain, and leads every answer
through the relay: From and Reply-To are the reply address, so that the message is aligned with our own
signature (RFC 9989). On the owner's wish a banner, the original, or encryption is put around the body.
"""

from mailrelay.rewriting.forward.facts import ForwardFacts
from mailrelay.rewriting.forward.rewrite import author_of, correspondent_of, rewrite_forward

__all__ = ["ForwardFacts", "author_of", "correspondent_of", "rewrite_forward"]
