"""Open a session with a mail server: connect, greet, encrypt by its policy, log in (RFC 5321, RFC 3207).

What is tried under each policy is the table `tls_policy.ATTEMPTS`. A server that cannot be opened says
nothing about the message; another server of the domain may take it.
"""

import asyncio
import binascii
import ssl
from dataclasses import dataclass, field

from mailrelay.delivery.connection import SmtpConnection
from mailrelay.delivery.dane import chain_of, is_authentic
from mailrelay.delivery.exchange import ConnectionLost, Timeouts
from mailrelay.delivery.refusals import HostUnavailable, Stage, judged, unavailable, unreachable
from mailrelay.delivery.replies import Reply
from mailrelay.delivery.routing import Target
from mailrelay.delivery.tls_policy import ATTEMPTS, Attempt, Contexts, Demand, TlsPolicy
from mailrelay.delivery.tls_report import TlsReports, TlsResult

# OpenSSL's X509_V_ERR numbers, see x509_vfy(3).
_CERTIFICATE_FAULTS = {10: TlsResult.EXPIRED, 62: TlsResult.HOST_MISMATCH, 64: TlsResult.HOST_MISMATCH}
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Login:
    """How we log in at the smarthost (RFC 4954)."""

    username: str
    password: str = field(repr=False)


class _NotProtected(Exception):
    """An attempt at TLS failed; the next one of the policy's may do."""

    def __init__(self, result: TlsResult) -> None:
        super().__init__(result)
        self.result = result


class Opener:
    """Opens sessions.

    Args:
        local_hostname: Name in EHLO.
        timeouts: How long a server may take.
        contexts: How certificates are judged.
        reports: Where results are counted.
        login: For the smarthost; None elsewhere.
    """

    def __init__(
        self,
        local_hostname: str,
        timeouts: Timeouts,
        contexts: Contexts,
        reports: TlsReports,
        login: Login | None = None,
    ) -> None:
        self._name = local_hostname.encode("ascii")
        self._timeouts = timeouts
        self._contexts = contexts
        self._reports = reports
        self._login = login

    async def open(self, target: Target, domain: str) -> SmtpConnection:
        """Return a session that is ready for MAIL.

        Args:
            target: The server.
            domain: Whose mail it is, for the TLS counters.

        Raises:
            MailError: The server cannot be used.
        """
        failure: TlsResult | None = None
        try:
            for attempt in ATTEMPTS[target.tls.demand]:
                try:
                    connection = await self._attempt(target, attempt)
                except _NotProtected as fault:
                    failure = failure or fault.result
                    continue
                if not connection.tls and attempt is not Attempt.CLEAR:
                    failure = failure or TlsResult.STARTTLS_NOT_SUPPORTED
                return connection
            raise HostUnavailable(451, "4.7.5", "No encrypted connection", f"tls-{failure}")
        finally:
            if failure is not None or target.tls.demand is not Demand.CLEAR:
                self._reports.count(domain, target.tls.kind, failure)

    async def _attempt(self, target: Target, attempt: Attempt) -> SmtpConnection:
        connection = await self._connect(target, attempt)
        try:
            await _greeted(connection)
            await self._hello(connection)
            if not target.tls.implicit and attempt is not Attempt.CLEAR:
                await self._start_tls(connection, target, attempt)
            if self._login is not None:
                await self._log_in(connection, self._login)
        except ConnectionLost as lost:
            connection.abort(lost.what)
            raise unavailable(lost.what, Stage.EHLO) from None
        except BaseException:
            connection.abort("not-opened")
            raise
        return connection

    async def _connect(self, target: Target, attempt: Attempt) -> SmtpConnection:
        loop = asyncio.get_running_loop()
        protocol = SmtpConnection(loop, self._timeouts)
        context = self._context(attempt) if target.tls.implicit else None
        try:
            async with asyncio.timeout(self._timeouts.of(Stage.CONNECT)):
                await loop.create_connection(
                    lambda: protocol,
                    target.address,
                    target.port,
                    ssl=context,
                    server_hostname=target.host if context else None,
                )
        except ssl.SSLError as error:
            raise _NotProtected(_result(error)) from None
        except TimeoutError:
            raise unreachable("timeout") from None
        except OSError:
            raise unreachable("no-connection") from None
        if context is not None:
            protocol.tls = target.tls.demand.value
        return protocol

    async def _hello(self, connection: SmtpConnection) -> None:
        reply = await connection.command(b"EHLO " + self._name, Stage.EHLO)
        if reply.code >= _PERMANENT and connection.usable:
            # RFC 5321 3.2: servers that do not know EHLO.
            reply = await connection.command(b"HELO " + self._name, Stage.EHLO)
            if reply.positive:
                return
        if not reply.positive:
            raise judged(Stage.EHLO, reply)
        connection.extensions = _extensions(reply)

    async def _start_tls(self, connection: SmtpConnection, target: Target, attempt: Attempt) -> None:
        may_be_clear = Attempt.CLEAR in ATTEMPTS[target.tls.demand]
        offered = "STARTTLS" in connection.extensions
        if not offered or not (await connection.command(b"STARTTLS", Stage.STARTTLS)).positive:
            if may_be_clear and connection.usable:
                return
            raise _NotProtected(TlsResult.STARTTLS_NOT_SUPPORTED)
        try:
            tls = await connection.start_tls(self._context(attempt), target.host)
        except (OSError, ConnectionLost) as error:
            raise _NotProtected(_result(error)) from None
        if attempt is Attempt.TLSA_RECORD and not _vouched_for(target.tls, tls):
            raise _NotProtected(TlsResult.VALIDATION_FAILURE)
        connection.tls = target.tls.demand.value
        # RFC 3207 4.2: what was said in clear is forgotten.
        await self._hello(connection)

    async def _log_in(self, connection: SmtpConnection, login: Login) -> None:
        if not connection.tls:
            raise HostUnavailable(451, "4.7.0", "Login needs encryption", "login-needs-tls")
        mechanisms = connection.extensions.get("AUTH", "").upper().split()
        if "PLAIN" in mechanisms:
            steps = [b"AUTH PLAIN " + _base64(f"\0{login.username}\0{login.password}")]
        elif "LOGIN" in mechanisms:
            steps = [b"AUTH LOGIN", _base64(login.username), _base64(login.password)]
        else:
            raise HostUnavailable(451, "4.7.0", "No way to log in", "login-not-offered")
        for step in steps:
            reply = await connection.command(step, Stage.AUTH)
            if not reply.positive:
                raise judged(Stage.AUTH, reply)

    def _context(self, attempt: Attempt) -> ssl.SSLContext:
        trusted = attempt is Attempt.TRUSTED_CERTIFICATE
        return self._contexts.verified if trusted else self._contexts.unverified


async def _greeted(connection: SmtpConnection) -> None:
    greeting = await connection.greeting()
    if not greeting.positive:
        raise judged(Stage.GREETING, greeting)


def _extensions(reply: Reply) -> dict[str, str]:
    """Return keywords in upper case with their parameters (RFC 5321 section 4.1.1.1)."""
    pairs = (line.decode("ascii", "replace").partition(" ") for line in reply.lines[1:])
    return {keyword.upper(): parameters for keyword, _, parameters in pairs}


def _vouched_for(policy: TlsPolicy, tls: ssl.SSLObject) -> bool:
    return is_authentic(policy.tlsa, chain_of(tls), policy.names)


def _result(error: Exception) -> TlsResult:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE_FAULTS.get(error.verify_code, TlsResult.NOT_TRUSTED)
    return TlsResult.VALIDATION_FAILURE


def _base64(text: str) -> bytes:
    return binascii.b2a_base64(text.encode(), newline=False)
