"""EPP statuses of a domain as RDAP tells them (RFC 8056), in combinations that can be true."""

from collections.abc import Set as AbstractSet
from functools import lru_cache

# EPP status -> RDAP status (RFC 8056 section 2). One that is not listed is not published; `linked` is
# not a domain's.
STATUSES = {
    "ok": "active",
    "addPeriod": "add period",
    "autoRenewPeriod": "auto renew period",
    "clientDeleteProhibited": "client delete prohibited",
    "clientHold": "client hold",
    "clientRenewProhibited": "client renew prohibited",
    "clientTransferProhibited": "client transfer prohibited",
    "clientUpdateProhibited": "client update prohibited",
    "inactive": "inactive",
    "pendingCreate": "pending create",
    "pendingDelete": "pending delete",
    "pendingRenew": "pending renew",
    "pendingRestore": "pending restore",
    "pendingTransfer": "pending transfer",
    "pendingUpdate": "pending update",
    "redemptionPeriod": "redemption period",
    "renewPeriod": "renew period",
    "serverDeleteProhibited": "server delete prohibited",
    "serverHold": "server hold",
    "serverRenewProhibited": "server renew prohibited",
    "serverTransferProhibited": "server transfer prohibited",
    "serverUpdateProhibited": "server update prohibited",
    "transferPeriod": "transfer period",
}

# RFC 3915 section 3.1: whoever is in one of these is also being deleted.
_WHILE_DELETED = frozenset({"redemption period", "pending restore"})

# RFC 5731 section 2.3: one of these at a time, and not with what prohibits it. Of several the first counts.
_PENDING = ("delete", "transfer", "update", "renew", "create")


@lru_cache(maxsize=1024)
def rdap_statuses(epp: tuple[str, ...]) -> tuple[str, ...]:
    """Return the RDAP statuses of a domain, at least one.

    What contradicts the rest, as in a record that was not brought up to date, is left out: "active"
    beside anything else, a second operation under way, and what would prohibit the operation that is.

    Args:
        epp: Status names (RFC 5731 section 2.3, RFC 3915 section 3.1).
    """
    told = dict.fromkeys(STATUSES[status] for status in epp if status in STATUSES)
    if not _WHILE_DELETED.isdisjoint(told):
        told["pending delete"] = None
    return tuple(status for status in told if status not in _contradicted(told.keys())) or ("active",)


def _contradicted(told: AbstractSet[str]) -> set[str]:
    pending = [operation for operation in _PENDING if f"pending {operation}" in told]
    wrong = {"active", *(f"pending {operation}" for operation in pending[1:])}
    for operation in pending[:1]:
        wrong |= {f"client {operation} prohibited", f"server {operation} prohibited"}
    return wrong
