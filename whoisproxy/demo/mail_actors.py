"""People who write mail in the demonstration: strangers, owners and spammers, each from a domain of his own.

A domain is good when its SPF and DKIM records stand in the DNS and its mail is signed by them.
"""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import aiosmtplib
import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from whoisproxy.demo.dns_server import DnsServer

_SELECTOR = "mail"
_SIGNED = [b"from", b"to", b"subject", b"date", b"message-id"]


@dataclass(frozen=True, slots=True)
class MailDomain:
    """A domain that sends mail, with its DKIM key (PEM)."""

    name: str
    private_key: bytes

    @classmethod
    def publish(cls, dns: DnsServer, name: str, *, policy: str = "reject") -> "MailDomain":
        """Make a key and put MX, SPF, DKIM and DMARC records for `name` into the DNS."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        publish_receiver(dns, name)
        dns.set(name, "TXT", "v=spf1 ip4:127.0.0.1 -all")
        dns.set(f"{_SELECTOR}._domainkey.{name}", "TXT", f"v=DKIM1; k=rsa; p={b64encode(public).decode()}")
        dns.set(f"_dmarc.{name}", "TXT", f"v=DMARC1; p={policy}")
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return cls(name, pem)

    def sign(self, raw: bytes) -> bytes:
        """Return the message with this domain's DKIM-Signature in front."""
        signature: bytes = dkim.sign(
            raw, _SELECTOR.encode(), self.name.encode(), self.private_key, include_headers=_SIGNED
        )
        return signature + raw


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
