"""Passwords longer than RFC 5730's sixteen characters at login (RFC 8807, loginSec-1.0)."""

from registries.epp.markup import EPP, LOGIN_SECURITY, Element, add

LONGEST_PLAIN_PASSWORD = 16  # RFC 5730 section 4, pwType
IN_EXTENSION = "[LOGIN-SECURITY]"  # RFC 8807 section 2.2, a fixed word


def plain(password: str, *, offered: bool) -> str:
    """Return what RFC 5730's element holds: the password, or the word that it is in the extension."""
    return IN_EXTENSION if offered and len(password) > LONGEST_PLAIN_PASSWORD else password


def write_passwords(command: Element, password: str, new_password: str) -> None:
    """Append the extension with those passwords that are too long for RFC 5730's elements, if any is."""
    long = {
        tag: text
        for tag, text in (("pw", password), ("newPW", new_password))
        if len(text) > LONGEST_PLAIN_PASSWORD
    }
    if long:
        security = add(add(command, EPP, "extension"), LOGIN_SECURITY, "loginSec")
        for tag, text in long.items():
            add(security, LOGIN_SECURITY, tag, text)
