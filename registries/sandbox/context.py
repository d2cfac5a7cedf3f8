"""What every handler is given, and the rules that hold for all kinds of objects."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registries.sandbox.protocol import Refusal
from registries.sandbox.records import Origin
from registries.sandbox.settings import Quirk, Tld
from registries.sandbox.store import State


@dataclass(frozen=True, slots=True)
class Context:
    """One command's surroundings: the open transaction, who asks, and when."""

    state: State
    tlds: Sequence[Tld]
    quirks: frozenset[Quirk]
    account: str
    now: datetime


def demand_sponsor(context: Context, origin: Origin, label: str) -> None:
    """Refuse with 2201 an account that does not sponsor the object."""
    if origin.sponsor != context.account:
        raise Refusal(2201, f"the {label} is sponsored by another registrar")


def demand_reader(context: Context, origin: Origin, label: str, known: str, given: str | None) -> None:
    """Refuse who neither sponsors the object nor shows its authorization: 2201, or 2202 when it is wrong."""
    if given is not None and not (known and hmac.compare_digest(known.encode(), given.encode())):
        raise Refusal(2202, f"that is not the authorization of the {label}")
    if given is None:
        demand_sponsor(context, origin, label)


def demand_no_status(statuses: frozenset[str], operation: str) -> None:
    """Refuse with 2304 where a status prohibits an operation: `Update`, `Delete` or `Renew`.

    RFC 5731 2.3, RFC 5733 2.2: prohibitions of client and server, and every pending action.
    """
    prohibiting = {f"client{operation}Prohibited", f"server{operation}Prohibited"}
    found = sorted(name for name in statuses if name in prohibiting or name.startswith("pending"))
    if found:
        raise Refusal(2304, f"the status is {', '.join(found)}")


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


def demand_update_allowed(statuses: frozenset[str], *, removed: frozenset[str]) -> None:
    """Refuse an update by status, unless it takes clientUpdateProhibited away (RFC 5731 2.3)."""
    demand_no_status(statuses - (removed & {"clientUpdateProhibited"}), "Update")
