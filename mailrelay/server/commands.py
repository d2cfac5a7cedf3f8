"""The commands of SMTP (RFC 5321 section 4.1.1), of STARTTLS (RFC 3207) and of CHUNKING (RFC 3030)."""

from collections.abc import Mapping
from typing import ClassVar

import structlog

from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import TRY_LATER, Reply
from mailrelay.server import metrics, parameters, replies
from mailrelay.server.conversation import Command, Conversation
from mailrelay.server.data import ChunkReader, DotReader, Spool
from mailrelay.server.parameters import MailParameters
from mailrelay.server.replies import CommandRefused
from mailrelay.server.state import ServerState
from mailrelay.server.wire import HungUp, LastWord
from mailrelay.transaction import Transaction

_log = structlog.get_logger()

_GO_ON = b"354 End data with <CR><LF>.<CR><LF>\r\n"
_REFUSED = 400  # RFC 5321 section 4.2.1


class Connection(Conversation):
    """One client."""

    def __init__(self, state: ServerState) -> None:
        super().__init__(state)
        self._messages = self._recipients = 0
        self._spool: Spool | None = None
        self._set_rset_state()

    def _set_rset_state(self) -> None:
        """Forget the transaction, by the library's name for it."""
        self._transaction: Transaction | None = None
        self._mail: MailParameters = parameters.NOTHING_SAID
        self._accepted = 0
        if self._spool is not None:
            self._spool.drop()
            self._spool = None

    async def handle_exception(self, error: Exception) -> str:
        """Answer any fault of ours with 451, and forget the transaction, which the library does not."""
        metrics.FAULTS.inc()
        _log.error("smtp-fault", error=type(error).__name__)
        self._set_rset_state()
        return str(TRY_LATER)

    def _leave(self) -> None:
        super()._leave()
        if self._spool is not None and not self._committing:
            self._spool.drop()

    async def smtp_EHLO(self, argument: str) -> None:  # noqa: N802 - the library's name for a command
        """Begin, or begin again (RFC 5321 section 4.1.1.1)."""
        self._hello(argument, extended=True)
        self._out.append(self._state.extended_hello(encrypted=self.session.ssl is not None))

    async def smtp_HELO(self, argument: str) -> None:  # noqa: N802 - see above
        """Begin without extensions."""
        self._hello(argument, extended=False)
        self._out.append(self._state.hello)

    def _hello(self, argument: str, *, extended: bool) -> None:
        self.session.host_name = parameters.hello_name(argument)
        self.session.extended_smtp = extended
        self._set_rset_state()
        metrics.ANSWERS["hello", 2].inc()
        # RFC 2920 section 3.1: nothing is sent behind EHLO before it is known what is offered.
        self._note_early_talk()

    async def smtp_MAIL(self, argument: str) -> None:  # noqa: N802 - see above
        """Begin a transaction."""
        session = self.session
        if not session.host_name:
            raise CommandRefused(replies.HELLO_FIRST)
        if self._transaction is not None:
            raise CommandRefused(replies.ONE_MAIL)
        self._check_spent()
        path, said = parameters.mail_arguments(argument, extended=session.extended_smtp)
        if (said.size_octets or 0) > self._limits.size_octets:
            raise CommandRefused(replies.TOO_LARGE)
        context = SenderContext(
            self._client, session.host_name, path, said.size_octets, protocol=self._protocol(said)
        )
        self._began = self.loop.time()
        reply = await self._state.inbound.sender(context)
        if reply.code < _REFUSED:
            self._transaction = Transaction(context)
            self._mail = said
        self._answer(reply, "mail")

    def _check_spent(self) -> None:
        limits = self._limits
        if (
            self._messages >= limits.messages
            or self._recipients >= limits.recipients
            or self._octets >= limits.octets
        ):
            raise LastWord(replies.ENOUGH, "per-connection")

    def _protocol(self, said: MailParameters) -> str:
        """Return how mail came, as Received says it (RFC 3848, RFC 6531 section 4.3)."""
        if not self.session.extended_smtp:
            return "SMTP"
        name = "UTF8SMTP" if said.smtputf8 else "ESMTP"
        return f"{name}S" if self.session.ssl is not None else name

    async def smtp_RCPT(self, argument: str) -> None:  # noqa: N802 - see above
        """Add a recipient."""
        if self._transaction is None or self._spool is not None:
            raise CommandRefused(replies.MAIL_FIRST)
        address, request = parameters.rcpt_arguments(
            argument, self._mail, extended=self.session.extended_smtp
        )
        self._recipients += 1
        reply = await self._state.inbound.recipient(self._transaction, address, request)
        if reply.code < _REFUSED:
            self._accepted += 1
        self._answer(reply, "rcpt")

    async def smtp_DATA(self, argument: str) -> None:  # noqa: N802 - see above
        """Read a message up to its final dot, hand it over, answer."""
        _refuse_argument(argument)
        if self._spool is not None:
            raise CommandRefused(replies.NOT_MIXED)
        transaction = self._transaction
        if transaction is None or not self._accepted:
            raise CommandRefused(replies.MAIL_FIRST)
        self._spool = Spool(self._limits.size_octets, self._state.memory)
        self._out.append(_GO_ON)
        self._state.under_way.begin()
        try:
            await self._read(DotReader(self._spool))
            await self._hand_over(transaction, self._spool.message(stuffed=True))
        finally:
            self._state.under_way.end()
            self._set_rset_state()

    async def smtp_BDAT(self, argument: str) -> None:  # noqa: N802 - see above
        """Read a chunk of a message; hand it over with the last.

        The octets of a chunk that is refused are read all the same; where nobody can tell how many they
        are, they must not be taken for commands, and the connection ends.
        """
        try:
            octets, last = parameters.chunk(argument)
        except CommandRefused as refused:
            raise LastWord(refused.reply) from None
        transaction = self._transaction
        if transaction is None or not self._accepted:
            await self._read(ChunkReader(octets, None))
            raise CommandRefused(replies.MAIL_FIRST)
        if self._spool is None:
            self._spool = Spool(self._limits.size_octets, self._state.memory)
        spool = self._spool
        self._state.under_way.begin()
        try:
            await self._read(ChunkReader(octets, spool))
            if not last and not spool.refused:
                self._answer(Reply(250, "2.0.0", f"{octets} octets received"))
                return
            await self._hand_over(transaction, spool.message(stuffed=False))
            self._set_rset_state()
        except BaseException:
            self._set_rset_state()
            raise
        finally:
            self._state.under_way.end()

    async def _hand_over(self, transaction: Transaction, message: bytes | Reply) -> None:
        """Have a message stored, whatever becomes of the client meanwhile, and answer."""
        if isinstance(message, Reply):
            self._answer(message, "message")
            return
        self._committing = True
        try:
            reply = await self._state.inbound.message(transaction, message)
        finally:
            self._committing = False
        if self._lost:
            raise HungUp
        metrics.TRANSACTION_S.observe(self.loop.time() - self._began)
        self._messages += 1
        if reply.code < _REFUSED:
            self._message_taken()
        self._answer(reply, "message")

    async def smtp_STARTTLS(self, argument: str) -> None:  # noqa: N802 - see above
        """Encrypt; all that was said before counts no longer (RFC 3207 section 4.2)."""
        _refuse_argument(argument)
        if self.session.ssl is not None:
            raise CommandRefused(replies.TLS_ACTIVE)
        if self._state.tls is None:
            raise CommandRefused(replies.NOT_IMPLEMENTED)
        self._set_rset_state()
        self._answer(replies.GO_AHEAD)
        await self._start_tls(self._state.tls)

    async def smtp_RSET(self, argument: str) -> None:  # noqa: N802 - see above
        """Forget the transaction."""
        _refuse_argument(argument)
        self._set_rset_state()
        self._answer(replies.OK)

    async def smtp_NOOP(self, _argument: str) -> None:  # noqa: N802 - see above
        """Do nothing."""
        self._answer(replies.OK)

    async def smtp_HELP(self, _argument: str) -> None:  # noqa: N802 - see above
        """Say nothing that is not in the standard."""
        self._answer(replies.HELP)

    async def smtp_VRFY(self, argument: str) -> None:  # noqa: N802 - see above
        """Verify nothing (RFC 5321 section 7.3)."""
        if not argument:
            raise CommandRefused(replies.ARGUMENT_MISSING)
        self._answer(replies.CANNOT_VERIFY)

    async def smtp_EXPN(self, _argument: str) -> None:  # noqa: N802 - see above
        """Refuse, as for AUTH: owners do not submit mail here."""
        raise CommandRefused(replies.NOT_IMPLEMENTED)

    async def smtp_QUIT(self, argument: str) -> None:  # noqa: N802 - see above
        """Say good-bye."""
        _refuse_argument(argument)
        self._answer(replies.BYE)
        raise HungUp

    commands: ClassVar[Mapping[bytes, Command]] = {
        b"EHLO": smtp_EHLO,
        b"HELO": smtp_HELO,
        b"MAIL": smtp_MAIL,
        b"RCPT": smtp_RCPT,
        b"DATA": smtp_DATA,
        b"BDAT": smtp_BDAT,
        b"STARTTLS": smtp_STARTTLS,
        b"RSET": smtp_RSET,
        b"NOOP": smtp_NOOP,
        b"HELP": smtp_HELP,
        b"VRFY": smtp_VRFY,
        b"EXPN": smtp_EXPN,
        b"AUTH": smtp_EXPN,
        b"QUIT": smtp_QUIT,
    }


def _refuse_argument(argument: str) -> None:
    if argument:
        raise CommandRefused(replies.NO_ARGUMENT)
