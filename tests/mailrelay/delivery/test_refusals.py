"""The failure table: what servers say, and what follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.delivery.refusals import (
    HostRefuses,
    HostUnavailable,
    Stage,
    judged,
)
from mailrelay.delivery.replies import Reply
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError

# What is said at which stage, and: the kind of error, its enhanced code, the reason.
CASES = [
    (Stage.GREETING, "554 no", HostUnavailable, "4.0.0", "session-refused-554"),
    (Stage.GREETING, "521 5.3.2 never", HostRefuses, "5.3.2", "host-takes-no-mail-521"),
    (Stage.EHLO, "550 5.7.1 who are you", HostUnavailable, "4.7.1", "session-refused-550"),
    (Stage.AUTH, "535 5.7.8 bad", HostUnavailable, "4.7.8", "login-refused-535"),
    (Stage.MAIL, "421 4.3.2 bye", HostUnavailable, "4.3.2", "closing-421"),
    (Stage.END, "421 4.7.0 [TSS04] deferred", HostUnavailable, "4.7.0", "closing-421"),
    (Stage.MAIL, "451 4.7.1 slow down", HostUnavailable, "4.7.1", "deferred-451"),
    (Stage.RCPT, "550 5.1.1 <a@b>: unknown", PermanentMailError, "5.1.1", "no-such-mailbox-550"),
    (Stage.RCPT, "550 no such user", PermanentMailError, "5.0.0", "no-such-mailbox-550"),
    (Stage.END, "550 no such user", PermanentMailError, "5.0.0", "refused-550"),
    (Stage.RCPT, "550 5.2.1 disabled", PermanentMailError, "5.2.1", "mailbox-disabled-550"),
    (Stage.RCPT, "552 5.2.2 full", TemporaryMailError, "4.2.2", "mailbox-full-552"),
    (Stage.RCPT, "452 4.2.2 full", TemporaryMailError, "4.2.2", "mailbox-full-452"),
    (Stage.END, "552 5.2.2 over quota", TemporaryMailError, "4.2.2", "mailbox-full-552"),
    (Stage.RCPT, "552 too many", TemporaryMailError, "4.0.0", "too-many-recipients-552"),
    (Stage.MAIL, "552 too big", PermanentMailError, "5.0.0", "too-big-552"),
    (Stage.MAIL, "552 5.3.4 too big", PermanentMailError, "5.3.4", "too-big-552"),
    (Stage.RCPT, "452 4.3.1 disk", HostUnavailable, "4.3.1", "system-not-ready-452"),
    (Stage.RCPT, "550 5.7.1 Greylisted, come back", TemporaryMailError, "4.7.1", "greylisted-550"),
    (Stage.RCPT, "450 4.7.1 Grey listing in action", TemporaryMailError, "4.7.1", "greylisted-450"),
    (Stage.RCPT, "550 greylisted", TemporaryMailError, "4.0.0", "greylisted-550"),
    (Stage.END, "550 5.7.1 spam", PermanentMailError, "5.7.1", "policy-550"),
    (Stage.END, "550 5.7.26 unauthenticated", PermanentMailError, "5.7.26", "policy-550"),
    (Stage.RCPT, "556 5.1.10 null MX", PermanentMailError, "5.1.10", "null-mx-556"),
    (Stage.RCPT, "556 no", PermanentMailError, "5.0.0", "null-mx-556"),
    (Stage.RCPT, "554 5.4.6 loop", PermanentMailError, "5.4.6", "mail-loop-554"),
    (Stage.MAIL, "503 5.5.1 no HELO", HostUnavailable, "4.5.1", "out-of-step-503"),
    (Stage.DATA, "554 5.6.3 no conversion", PermanentMailError, "5.6.3", "content-unsupported-554"),
    # RFC 2034: an enhanced code of another class than the reply is none.
    (Stage.RCPT, "550 4.2.2 odd", PermanentMailError, "5.0.0", "refused-550"),
    (Stage.RCPT, "550 5.1.1.1 is an address", PermanentMailError, "5.0.0", "refused-550"),
    (Stage.DATA, "250 sure", HostUnavailable, "4.4.2", "out-of-step-at-data"),
]


@pytest.mark.parametrize(("stage", "said", "kind", "enhanced", "reason"), CASES)
def test_the_table(stage: Stage, said: str, kind: type[MailError], enhanced: str, reason: str) -> None:
    code, _, text = said.partition(" ")

    error = judged(stage, Reply(int(code), (text.encode(),)))

    assert (type(error), error.enhanced, error.reason) == (kind, enhanced, reason)


@given(st.sampled_from(Stage), st.integers(400, 599), st.binary(max_size=60))
def test_every_refusal_means_something_and_shows_nothing(stage: Stage, code: int, text: bytes) -> None:
    error = judged(stage, Reply(code, (b"<zoe@home.example> " + text,)))

    assert error.retry == (error.enhanced[0] == "4") == isinstance(error, TemporaryMailError)
    assert "home.example" not in f"{error} {error.public} {error.reason}"
    assert len(error.reason) <= 64
