"""Which statuses an object may have, at once and at all (RFC 5731 2.3, RFC 5732 2.3, RFC 5733 2.2)."""

from collections.abc import Mapping
from types import MappingProxyType

from registries.sandbox.protocol import Refusal

_LOCKED = ("Delete", "Renew", "Transfer", "Update")
_PENDING = frozenset({"pendingCreate", "pendingDelete", "pendingRenew", "pendingTransfer", "pendingUpdate"})


def _of(*actions: str) -> frozenset[str]:
    locks = {f"{who}{what}Prohibited" for who in ("client", "server") for what in actions}
    return frozenset(locks | {f"pending{what}" for what in ("Create", "Transfer", *actions)})


SETTABLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "contact": _of("Delete", "Transfer", "Update"),
        "domain": _of(*_LOCKED) | {"clientHold", "serverHold"},
        "host": _of("Delete", "Update") - {"pendingTransfer"},
    }
)
"""The statuses that are stored; `ok`, `linked`, `inactive` and a host's `pendingTransfer` are computed."""


def conflict(kind: str, statuses: frozenset[str]) -> str | None:
    """Return why an object of a kind cannot have these statuses, or None."""
    unknown = statuses - SETTABLE[kind]
    if unknown:
        return f"not a status that a {kind} can be given: {', '.join(sorted(unknown))}"
    if len(statuses & _PENDING) > 1:
        return "only one action can be pending"
    for action in _LOCKED:
        locks = {f"client{action}Prohibited", f"server{action}Prohibited"}
        if f"pending{action}" in statuses and locks & statuses:
            return f"pending{action} cannot stand beside a lock against it"
    return None


def demand_no_status(statuses: frozenset[str], operation: str) -> None:
    """Refuse with 2304 where a status prohibits an operation: `Update`, `Delete`, `Renew` or `Transfer`.

    Prohibitions of client and server, and every pending action, stand against it.
    """
    prohibiting = {f"client{operation}Prohibited", f"server{operation}Prohibited"} | _PENDING
    found = sorted(statuses & prohibiting)
    if found:
        raise Refusal(2304, f"the status is {', '.join(found)}")


def demand_update_allowed(statuses: frozenset[str], *, removed: frozenset[str]) -> None:
    """Refuse an update by status, unless it takes clientUpdateProhibited away (RFC 5731 2.3)."""
    demand_no_status(statuses - (removed & {"clientUpdateProhibited"}), "Update")


def change_statuses(
    statuses: frozenset[str], *, add: frozenset[str], remove: frozenset[str]
) -> frozenset[str]:
    """Return the statuses after an update command.

    Raises:
        Refusal: 2306, a status is not the client's, is set already, is not set, or is in both lists.
    """
    if any(not name.startswith("client") for name in add | remove):
        raise Refusal(2306, "only statuses that begin with client are the client's to set")
    if add & remove:
        raise Refusal(2306, "a status is both added and removed")
    if add & statuses:
        raise Refusal(2306, "a status to be added is set already")
    if remove - statuses:
        raise Refusal(2306, "a status to be removed is not set")
    return (statuses | add) - remove


def demand_made(statuses: frozenset[str], label: str) -> None:
    """Refuse with 2304 to use an object that is not made yet, or is about to go."""
    if statuses & {"pendingCreate", "pendingDelete"}:
        raise Refusal(2304, f"the {label} is not there to stay: it waits to be made or deleted")
