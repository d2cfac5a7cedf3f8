"""What became of a message, in words for its owner: by fate, by reason, by what happened."""

from collections.abc import Mapping

from mailrelay.checks.explanations import explain, has_words, why
from mailrelay.queue.entry import State
from whoisproxy.domain.mail_log import Fate, LogEntry, Step
from whoisproxy.i18n import N_, translations

FATES: Mapping[Fate, str] = {
    Fate.ACCEPTED: N_("On its way"),
    Fate.WAITING: N_("Waiting"),
    Fate.HELD: N_("Held"),
    Fate.DELIVERED: N_("Delivered"),
    Fate.BOUNCED: N_("Not deliverable"),
    Fate.DROPPED: N_("Thrown away"),
    Fate.REFUSED: N_("Refused"),
}

_MEANS = {
    State.QUEUED: N_("We have it safely, and are sending it."),
    State.DELIVERING: N_("We have it safely, and are sending it."),
    State.DEFERRED: N_("The last attempt failed. It is tried again by itself."),
    State.UNDELIVERABLE: N_("Your mailbox refuses mail. It is kept until a mailbox of yours works again."),
    State.PAUSED: N_("Our staff holds it back for now."),
    State.QUARANTINED: N_("A check found something against it. It waits for your word."),
    State.HELD: N_("It was not sent on as it is. It waits for your word."),
    State.DELIVERED: N_("The mail server that it was for has confirmed that it has it."),
    State.BOUNCED: N_("It could not be delivered, and is not tried any more."),
    State.DISCARDED: N_("It is deleted, and its sender was not told."),
    State.REJECTED: N_("It was not taken, and its sender's mail server knows that. Its text was not kept."),
}

_SERVER_BUSY = N_("The mail server could not take it just then.")
_UNREACHABLE = N_("No mail server of the mailbox could be reached.")
_UNSAFE = N_("No mail server of the mailbox could be reached by a connection that is safe.")
_NO_MAILBOX = N_("The mail server says that there is no such mailbox.")
_NO_MAIL = N_("The domain of the mailbox takes no mail.")
_SUSPECT = N_("Your mailbox has refused mail, and is left in peace for a while.")
_OURS = N_("Something went wrong on our side.")
_NOT_ANY_MORE = N_("Mail to this address is not passed on any more.")

# By the beginning of what the queue keeps as the reason; the longest that fits counts.
_REASONS = {
    "no-such-mailbox": _NO_MAILBOX,
    "mailbox-disabled": _NO_MAILBOX,
    "mailbox-moved": _NO_MAILBOX,
    "bad-recipient": _NO_MAILBOX,
    "mailbox-full": N_("The mailbox is full."),
    "too-big": N_("It is larger than the mail server allows."),
    "policy": N_("The mail server refuses it by a rule of its own."),
    "refused": N_("The mail server refuses it, and does not say why."),
    "content-unsupported": N_("The mail server cannot take a message of this kind."),
    "no-such-domain": _NO_MAIL,
    "null-mx": _NO_MAIL,
    "host-takes-no-mail": _NO_MAIL,
    "mx-has-no-address": _NO_MAIL,
    "mail-loop": N_("The message went round in a circle."),
    "greylisted": N_("The mail server takes mail of new senders at a later attempt only."),
    "system-not-ready": _SERVER_BUSY,
    "network-not-ready": _SERVER_BUSY,
    "closing": _SERVER_BUSY,
    "deferred": _SERVER_BUSY,
    "session-refused": _SERVER_BUSY,
    "out-of-step": _SERVER_BUSY,
    "server-busy": _SERVER_BUSY,
    "too-many-recipients": _SERVER_BUSY,
    "timeout-at": _UNREACHABLE,
    "no-connection": _UNREACHABLE,
    "destination-resting": _UNREACHABLE,
    "sts-": _UNSAFE,
    "dane-": _UNSAFE,
    "tls-": _UNSAFE,
    "mail-server-not-public": _UNREACHABLE,
    "mailbox-suspect": _SUSPECT,
    "returned-by-a-later-server": N_("It was taken at first, and a later mail server sent it back."),
    "not-served": _NOT_ANY_MORE,
    "owner-erased": _NOT_ANY_MORE,
    "local-fault": _OURS,
    "login-": _OURS,
    "copy-of-an-answer": N_("It is a copy of your own answer, which goes to its recipient by itself."),
    "owner-shows-in": N_("It would have shown who you are."),
}

_THROWN_AWAY = N_("Thrown away")
_TAKEN = N_("Taken by the mail server that it was for")
_HELD = N_("Held")
# Likewise by the beginning; of what is not here, owners need not know.
_STEPS = {
    "queued": N_("Accepted"),
    "taken": N_("Accepted"),
    "quarantined": _HELD,
    "held": _HELD,
    "held-by-the-operator": N_("Held back by our staff"),
    "rejected": N_("Refused"),
    "claimed": N_("Delivery attempt"),
    "deferred": N_("An attempt failed"),
    "undeliverable": N_("Kept until your mailbox works"),
    "delivered": _TAKEN,
    "delivered-tls": N_("Taken by the mail server that it was for, by an encrypted connection"),
    "delivered-tls-none": _TAKEN,
    "bounced": N_("Given up"),
    "returned-by-a-later-server": N_("Sent back by a later mail server"),
    "released": N_("Released"),
    "retried-by-the-operator": N_("Tried again by our staff"),
    "discard": _THROWN_AWAY,
    "discarded-for-its-age": N_("Thrown away, since nobody released it in time"),
    "discard-by-the-registrar": N_("Thrown away by your registrar"),
    "dropped-by-the-operator": N_("Thrown away by our staff"),
    "report-by": N_("Reported as spam, and thrown away"),
    "block-": N_("Sender blocked, and thrown away"),
}


def means(entry: LogEntry) -> str:
    """Return what has become of a message, in English."""
    return _MEANS[entry.record.state]


def reasons(entry: LogEntry, language: str) -> tuple[str, ...]:
    """Return why that has become of a message, in sentences; none where nothing went wrong."""
    record, said = entry.record, translations(language).gettext
    if found := _longest(_REASONS, record.last_error):
        return (said(found),)
    if record.last_error and has_words(record.last_error):
        return (explain("delivery", record.last_error, language),)
    if entry.fate in {Fate.HELD, Fate.REFUSED}:
        return why(entry.notes, language)
    return ()


def step_of(step: Step) -> tuple[str, str]:
    """Return what happened in English, and why where that is told; both "" for what is of no interest."""
    event, _, reason = step.event.partition(" ")
    return _longest(_STEPS, event), _longest(_REASONS, reason)


def _longest(table: Mapping[str, str], text: str) -> str:
    """Return what a table says of the longest key that a text begins with, "" for none."""
    fitting = [key for key in table if text.startswith(key)]
    return table[max(fitting, key=len)] if fitting else ""
