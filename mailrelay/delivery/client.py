"""Hand a message to the next mail server: SMTP (RFC 5321) with opportunistic STARTTLS (RFC 7435).

The octets go as they are; line ends are CRLF before signing. What the server said decides between
trying again and giving up, and is otherwise forgotten: it may quote the owner's mailbox.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence

import aiosmtplib
from prometheus_client import Counter

from mailrelay.delivery.routing import Target
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError

_ATTEMPTS = Counter(
    "mailrelay_delivery_attempts_total", "Deliveries by outcome, encrypted or not", ["outcome", "tls"]
)
_ENHANCED = re.compile(r"^([45])\.\d{1,3}\.\d{1,3}\b")
_PERMANENT = 500  # RFC 5321 4.2.1


class SmtpClient:
    """Sends to mail servers.

    Args:
        local_hostname: Name in EHLO.
        timeout_s: For each command; a whole delivery gets five times as much.
    """

    def __init__(self, local_hostname: str, timeout_s: float = 60.0) -> None:
        self._local_hostname = local_hostname
        self._timeout_s = timeout_s
        # Opportunistic: an unknown certificate is better than no encryption at all.
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    async def send(self, targets: Sequence[Target], reverse_path: str, recipient: str, raw: bytes) -> None:
        """Try the targets in order until one takes the message or refuses it for good.

        Raises:
            PermanentMailError: A server refused it.
            TemporaryMailError: No server could be reached, or the last one said to try later.
        """
        last: MailError = TemporaryMailError(451, "4.4.1", "No answer from host", "no-target")
        for target in targets:
            try:
                async with asyncio.timeout(5 * self._timeout_s):
                    await self._send_to(target, reverse_path, recipient, raw)
            except PermanentMailError:
                raise
            except TemporaryMailError as error:
                last = error
            except (TimeoutError, OSError, aiosmtplib.SMTPException) as error:
                last = TemporaryMailError(451, "4.4.2", "Connection failed", _kind(error))
            else:
                return
        raise last

    async def _send_to(self, target: Target, reverse_path: str, recipient: str, raw: bytes) -> None:
        client, encrypted = await self._connect(target)
        outcome = "failed"
        try:
            await self._transaction(client, reverse_path, recipient, raw)
            outcome = "taken"
        except aiosmtplib.SMTPResponseException as refused:
            outcome = "refused"
            raise _as_mail_error(refused.code, refused.message) from None
        finally:
            _ATTEMPTS.labels(outcome, "yes" if encrypted else "no").inc()
            await self._leave(client)

    async def _connect(self, target: Target) -> tuple[aiosmtplib.SMTP, bool]:
        client = self._client(target)
        await client.connect(start_tls=False)
        await client.ehlo()
        if not client.supports_extension("starttls"):
            return client, False
        try:
            await client.starttls(server_hostname=target.host)
            await client.ehlo()
        except (OSError, aiosmtplib.SMTPException):
            # RFC 7435: where encryption fails, go without rather than not at all.
            client.close()
            client = self._client(target)
            await client.connect(start_tls=False)
            return client, False
        return client, True

    def _client(self, target: Target) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=target.address,
            port=target.port,
            local_hostname=self._local_hostname,
            timeout=self._timeout_s,
            start_tls=False,
            tls_context=self._tls,
        )

    async def _transaction(
        self, client: aiosmtplib.SMTP, reverse_path: str, recipient: str, raw: bytes
    ) -> None:
        if not client.last_ehlo_response:
            await client.ehlo()
        options = []
        if client.supports_extension("size"):
            options.append(f"SIZE={len(raw)}")
        if client.supports_extension("8bitmime") and not raw.isascii():
            options.append("BODY=8BITMIME")
        encoding = "ascii"
        if not (reverse_path + recipient).isascii():
            if not client.supports_extension("smtputf8"):
                raise PermanentMailError(553, "5.6.7", "Recipient needs SMTPUTF8", "no-smtputf8")
            options.append("SMTPUTF8")
            encoding = "utf-8"
        await client.mail(reverse_path, options=options, encoding=encoding)
        await client.rcpt(recipient, encoding=encoding)
        await client.data(raw)

    async def _leave(self, client: aiosmtplib.SMTP) -> None:
        try:
            if client.is_connected:
                await client.quit(timeout=5)
        except (TimeoutError, OSError, aiosmtplib.SMTPException):
            pass
        finally:
            client.close()


def _as_mail_error(code: int, text: str) -> MailError:
    found = _ENHANCED.match(text)
    permanent = code >= _PERMANENT
    enhanced = found[0] if found and (found[1] == "5") == permanent else f"{5 if permanent else 4}.0.0"
    if permanent:
        return PermanentMailError(code, enhanced, "Refused by the next mail server", f"refused-{code}")
    return TemporaryMailError(code, enhanced, "Deferred by the next mail server", f"deferred-{code}")


def _kind(error: Exception) -> str:
    # The error's text names hosts and sometimes mailboxes; its type does not.
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()[:60]
