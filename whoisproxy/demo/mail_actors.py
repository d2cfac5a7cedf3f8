"""People who write mail in the demonstration: strangers, owners and spammers, each from a domain of his own.

A domain is good when its SPF and DKIM records stand in the DNS and its mail is signed by them.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Self

import aiosmtplib

from mailrelay.delivery.signing import Signer
from mailrelay.message import RawMessage
from whoisproxy.demo.dns_server import DnsServer

_SELECTOR = "mail"


class MailDomain:
    """A domain that sends mail, with its DKIM key."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    @classmethod
    def publish(cls, dns: DnsServer, name: str, keys: Path) -> Self:
        """Make a key in the folder `keys`; put MX, SPF, DKIM and DMARC records for `name` into the DNS."""
        signer = Signer.load_or_create(keys / f"{name}.pem", name, _SELECTOR, lambda: datetime.now(UTC))
        publish_receiver(dns, name)
        dns.set(name, "TXT", "v=spf1 ip4:127.0.0.1 -all")
        record_name, record = signer.dns_record()
        dns.set(record_name, "TXT", record)
        dns.set(f"_dmarc.{name}", "TXT", "v=DMARC1; p=reject")
        return cls(signer)

    def dns_record(self) -> tuple[str, str]:
        """Return name and text of the TXT record with the public key."""
        return self._signer.dns_record()

    def sign(self, raw: bytes) -> bytes:
        """Return the message with this domain's DKIM-Signature in front."""
        return self._signer.sign(RawMessage.parse(raw)).raw


def publish_receiver(dns: DnsServer, name: str) -> None:
    """Point the mail of `name` at loopback."""
    dns.set(name, "MX", f"10 mx.{name}.")
    dns.set(f"mx.{name}", "A", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain message as a person writes it."""

    sender: str
    to: str
    subject: str
    text: str
    in_reply_to: str = ""

    def raw(self) -> bytes:
        """Return it as bytes with CRLF line ends."""
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = self.to
        message["Subject"] = self.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2].rstrip(">"))
        if self.in_reply_to:
            message["In-Reply-To"] = message["References"] = self.in_reply_to
        message.set_content(self.text)
        return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mail server said to a message: `250 2.0.0 ...` or a refusal at any stage."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


async def send(port: int, reverse_path: str, recipient: str, raw: bytes) -> Answer:
    """Hand a message to the mail server on loopback `port` and return its last answer."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=20)
    async with client:
        try:
            _, text = await client.sendmail(reverse_path, [recipient], raw)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return Answer(refused.recipients[0].code, refused.recipients[0].message)
        except aiosmtplib.SMTPResponseException as refused:
            return Answer(refused.code, refused.message)
    return Answer(250, text)


async def whois(port: int, query: str) -> bytes:
    """Ask WHOIS on loopback and return the whole answer (RFC 3912)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(query.encode() + b"\r\n")
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
