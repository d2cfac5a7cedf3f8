"""What the server itself answers; codes by RFC 5321 section 4.2, enhanced codes by RFC 3463 and RFC 5248.

Answers about senders, recipients and messages are those of `checks.verdict`.
"""

from mailrelay.checks.verdict import Reply

OK = Reply(250, "2.0.0", "OK")
BYE = Reply(221, "2.0.0", "Bye")
HELP = Reply(214, "2.0.0", "See RFC 5321")
GO_AHEAD = Reply(220, "2.0.0", "Ready to start TLS")
CANNOT_VERIFY = Reply(252, "2.0.0", "Send some mail, it will be tried")

TOO_LARGE = Reply(552, "5.3.4", "Message too large")
NO_MEMORY = Reply(452, "4.3.1", "Out of memory, please try again later")

UNKNOWN_COMMAND = Reply(500, "5.5.1", "Unknown command")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Not implemented")
HELLO_FIRST = Reply(503, "5.5.1", "Send EHLO first")
MAIL_FIRST = Reply(503, "5.5.1", "Need MAIL and RCPT first")
ONE_MAIL = Reply(503, "5.5.1", "A transaction is already open")
NOT_MIXED = Reply(503, "5.5.1", "DATA and BDAT do not mix")
TLS_ACTIVE = Reply(503, "5.5.1", "TLS is already active")

SYNTAX = Reply(500, "5.5.2", "Syntax error")
LINE_TOO_LONG = Reply(500, "5.5.2", "Line too long")
BARE_LINE_END = Reply(500, "5.5.2", "Lines end in CRLF and nothing else")
NOT_SMTP = Reply(554, "5.5.1", "This is a mail server")
HELLO_SYNTAX = Reply(501, "5.5.4", "Syntax: EHLO domain or address literal")
NO_ARGUMENT = Reply(501, "5.5.4", "This command takes no argument")
ARGUMENT_MISSING = Reply(501, "5.5.4", "This command needs an argument")
MAIL_SYNTAX = Reply(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]")
RCPT_SYNTAX = Reply(501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]")
BDAT_SYNTAX = Reply(501, "5.5.4", "Syntax: BDAT octets [LAST]")
BAD_RECIPIENT = Reply(501, "5.1.3", "Recipient address is not valid")
BAD_PARAMETER = Reply(501, "5.5.4", "A parameter is not valid or is repeated")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "A parameter is not recognized")
NEEDS_SMTPUTF8 = Reply(553, "5.6.7", "An address beyond ASCII needs SMTPUTF8")

TIMED_OUT = Reply(421, "4.4.2", "Too slow, closing the connection")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors")
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "Too many commands without a message")
ENOUGH = Reply(421, "4.7.0", "Enough for one connection, please open another")
SHUTTING_DOWN = Reply(421, "4.3.2", "Shutting down, please try again later")


class CommandRefused(Exception):
    """A command cannot be carried out; `reply` says why and whether to try again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply
