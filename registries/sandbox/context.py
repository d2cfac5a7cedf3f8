"""What every handler is given, and the rules that hold for all kinds of objects."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registries.sandbox.protocol import Refusal
from registries.sandbox.records import Origin
from registries.sandbox.settings import Quirk, Rules, Tld
from registries.sandbox.store import State


@dataclass(frozen=True, slots=True)
class Context:
    """One command's surroundings: the open transaction, who asks, and when."""

    state: State
    tlds: Sequence[Tld]
    quirks: frozenset[Quirk]
    account: str
    now: datetime
    rules: Rules


def demand_sponsor(context: Context, origin: Origin, label: str) -> None:
    """Refuse with 2201 an account that does not sponsor the object."""
    if origin.sponsor != context.account:
        raise Refusal(2201, f"the {label} is sponsored by another registrar")


def demand_reader(context: Context, origin: Origin, label: str, known: str, given: str | None) -> None:
    """Refuse who neither sponsors the object nor shows its authorization: 2201, or 2202 when it is wrong."""
    if given is None:
        demand_sponsor(context, origin, label)
    else:
        demand_authorization(known, given, label)


def demand_authorization(known: str, given: str, label: str) -> None:
    """Refuse with 2202 an authorization that is not the object's; an object without one has none."""
    if not (known and hmac.compare_digest(known.encode(), given.encode())):
        raise Refusal(2202, f"that is not the authorization of the {label}")
