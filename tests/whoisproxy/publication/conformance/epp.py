"""What EPP demands of ids and statuses (RFC 5730 section 2.8, RFC 5731 and 5732 section 2.3)."""

import re

# EPP repository identifiers that IANA lists, as far as our samples go.
REPOSITORIES = {"CLOAK", "ICANNRST", "VRSN"}


def has_roid_form(handle: str) -> bool:
    return re.fullmatch(r"\w{1,80}-\w{1,8}", handle) is not None


def is_registered(handle: str) -> bool:
    return handle.partition("-")[2] in REPOSITORIES


def is_for_tests(handle: str) -> bool:
    return handle.endswith("-ICANNRST")


_PENDING = {"delete", "renew", "transfer", "update"}


def agrees(statuses: set[str]) -> bool:
    """RFC 5731 section 2.3, RFC 5732 section 2.3."""
    under_way = {f"pending {operation}" for operation in (*_PENDING, "create")} & statuses
    prohibited = any(
        f"pending {operation}" in statuses and f"{who} {operation} prohibited" in statuses
        for operation in _PENDING
        for who in ("client", "server")
    )
    return len(under_way) <= 1 and not prohibited and ("active" not in statuses or len(statuses) == 1)
