"""Harmless messages that every engine should object to, to see whether it works.

EICAR's test file is found by every scanner that has signatures of malware; GTUBE, the generic test for
unsolicited bulk e-mail, by every filter of spam that has rules.
"""

from base64 import b64encode

from mailrelay.engines.engine import Letter

# Backwards, or programs that look for them would find this file.
EICAR = rb"*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\4[PA@%P!O5X"[::-1]
GTUBE = b"X43.C*LIAME-TSET-EBU-ITNA-DRADNATS-EBUTG*NENDI2*3NBSN.1NDAQBDJ4C*SJX"[::-1]

_HEAD = (
    b"From: test@test.invalid\r\nTo: test@test.invalid\r\nSubject: Test\r\n"
    b"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\nMessage-ID: <test@test.invalid>\r\nMIME-Version: 1.0\r\n"
)


def like_malware() -> Letter:
    """Return a message with EICAR's file attached."""
    mixed = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    file = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return letter(b"".join((_HEAD, mixed, file, b64encode(EICAR), b"\r\n--b--\r\n")))


def like_spam() -> Letter:
    """Return a message with the text of GTUBE."""
    return letter(_HEAD + b"\r\n" + GTUBE + b"\r\n")


def of_size(octets: int) -> Letter:
    """Return a message that is nothing but large."""
    head = _HEAD + b"\r\n"
    line = b"Nothing but words in lines, one after the other.\r\n"
    return letter((head + line * (octets // len(line)))[: octets - 2] + b"\r\n")


def letter(raw: bytes) -> Letter:
    """Return a message of nobody to nobody."""
    return Letter(raw, "192.0.2.1", "test.invalid", "test@test.invalid", "relay-address@test.invalid")
