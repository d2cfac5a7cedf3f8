"""The relay's mail server: SMTP (RFC 5321) and its extensions, on aiosmtpd.

listener > commands > conversation > wire | state | greeting; the parsers below them do no I/O. What is
decided about mail is decided by `inbound`.
"""

from mailrelay.server.limits import ServerLimits
from mailrelay.server.listener import MailServer

__all__ = ["MailServer", "ServerLimits"]
