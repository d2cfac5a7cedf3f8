"""Time-based one-time passwords (RFC 6238): six digits, SHA-1, steps of 30 seconds, as all programs do.

A code is good in its own step and in the one before and after, for clocks differ and typing takes time
(section 5.2), and no step's code is good twice, nor that of an earlier step after it.
"""

import hmac
from datetime import datetime

import pyotp

PERIOD_S = 30
DIGITS = 6
WINDOW = 1  # steps before and after


def step_of(now: datetime) -> int:
    """Return the number of the step that a time is in."""
    return int(now.timestamp()) // PERIOD_S


def matching_step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """Return the step that a code is of, or None where it is of none that may be used.

    Args:
        secret: Base32.
        code: As it was typed; spaces are left out.
        now: Aware UTC.
        after: The last step that was used.
    """
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    generator, present, found = pyotp.TOTP(secret, digits=DIGITS, interval=PERIOD_S), step_of(now), None
    for step in range(present - WINDOW, present + WINDOW + 1):
        # All are compared, so that time tells nothing.
        if hmac.compare_digest(generator.generate_otp(step), typed) and step > after:
            found = step
    return found


def new_secret() -> str:
    """Return 160 random bits (RFC 4226 section 4, R6) in base32."""
    return pyotp.random_base32(32)


def enrolment_uri(secret: str, label: str, issuer: str) -> str:
    """Return what a program reads from the QR code (Key URI Format)."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=PERIOD_S).provisioning_uri(
        name=label, issuer_name=issuer
    )
