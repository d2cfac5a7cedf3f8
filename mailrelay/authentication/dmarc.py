"""Decide by DMARC (RFC 9989) whether a message is its author's domain's own.

The organisational domain and the policy are found by the DNS tree walk of section 4.10, not by a list
of public suffixes; `np`, `t` and `psd` are honoured, `pct` is gone, unknown tags are ignored. Reports
(RFC 9990, RFC 9991) are not sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailrelay.authentication.results import DkimResult, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.dns import DnsTemporaryError, Resolver

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_WALK_LABELS = 8  # section 4.10: at most eight questions however long the name

# `t=y`: the domain tests; what it asks for is applied one step milder.
_TESTING = {
    DmarcPolicy.REJECT: DmarcPolicy.QUARANTINE,
    DmarcPolicy.QUARANTINE: DmarcPolicy.NONE,
    DmarcPolicy.NONE: DmarcPolicy.NONE,
}


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A DMARC record: where it was found and its tags, names and values in lower case."""

    domain: str
    tags: dict[str, str]

    def policy(self, *names: str) -> DmarcPolicy:
        """Return the first valid policy among tags `names`, softened while testing; NONE where none is."""
        for name in names:
            if self.tags.get(name) in set(DmarcPolicy):
                policy = DmarcPolicy(self.tags[name])
                return _TESTING[policy] if self.tags.get("t") == "y" else policy
        return DmarcPolicy.NONE


def parse_record(domain: str, text: str) -> PolicyRecord | None:
    """Return a DMARC record, or None for other text; what is malformed in it is ignored."""
    if not _VERSION.match(text):
        return None
    tags: dict[str, str] = {}
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip().lower())
    return PolicyRecord(domain, tags)


async def tree_walk(domain: str, resolver: Resolver) -> list[PolicyRecord]:
    """Return the records found from `domain` upwards, longest name first (section 4.10).

    Raises:
        DnsTemporaryError: A question could not be answered.
    """
    found: list[PolicyRecord] = []
    for name in _walk_names(domain):
        texts = await resolver.txt(f"_dmarc.{name}")
        records = [record for text in texts if (record := parse_record(name, text))]
        # Two records at one name count as none.
        if len(records) == 1:
            found.append(records[0])
            if records[0].tags.get("psd") in {"y", "n"}:
                break
    return found


def _walk_names(domain: str) -> list[str]:
    labels = domain.rstrip(".").lower().split(".")
    parents = labels[1:] if len(labels) < _WALK_LABELS else labels[-(_WALK_LABELS - 1) :]
    return [".".join(labels), *(".".join(parents[start:]) for start in range(len(parents)))]


def organizational_domain(domain: str, records: Sequence[PolicyRecord]) -> str:
    """Return the organisational domain of `domain` from the records of its walk (section 4.10.2)."""
    for record in records:
        if record.tags.get("psd") == "n":
            return record.domain
        if record.tags.get("psd") == "y" and record.domain != domain:
            # One label below the public suffix.
            below = domain.removesuffix("." + record.domain).rpartition(".")[2]
            return f"{below}.{record.domain}"
    return records[-1].domain if records else domain


async def find_policy(
    domain: str, records: Sequence[PolicyRecord], resolver: Resolver
) -> tuple[PolicyRecord, DmarcPolicy] | None:
    """Return the record that speaks for author domain `domain` and what it asks for (section 4.10.1).

    Raises:
        DnsTemporaryError: Whether the domain exists could not be found out.
    """
    if not records:
        return None
    by_domain = {record.domain: record for record in records}
    if domain in by_domain:
        return by_domain[domain], by_domain[domain].policy("p")
    # The organisational domain's own record, else that of the public suffix above it.
    record = by_domain.get(organizational_domain(domain, records), records[-1])
    if "np" in record.tags and not await resolver.exists(domain):
        return record, record.policy("np", "sp", "p")
    return record, record.policy("sp", "p")


async def evaluate(
    domain: str, spf: SpfResult, dkim: Sequence[DkimResult], resolver: Resolver
) -> tuple[DmarcResult, dict[str, str]]:
    """Return the DMARC result for author domain `domain`, and the organisational domains that were found.

    Temporary DNS errors give `temperror`, but only where the result hangs on them: an aligned pass is a
    pass whatever else failed.
    """
    organizations: dict[str, str] = {}
    try:
        records = await tree_walk(domain, resolver)
        organizations[domain] = organizational_domain(domain, records)
        methods: list[SpfResult | DkimResult] = [spf, *dkim]
        passed = [one for one in methods if one.result is Result.PASS]
        for name in sorted({one.domain for one in passed} - {domain}):
            organizations[name] = organizational_domain(name, await tree_walk(name, resolver))
        policy = await find_policy(domain, records, resolver)
    except DnsTemporaryError:
        return DmarcResult(Result.TEMPERROR, DmarcPolicy.NONE, domain), organizations
    if policy is None:
        return DmarcResult(Result.NONE, DmarcPolicy.NONE, domain), organizations
    record, wanted = policy
    aligned_by = _aligned_by(domain, record, spf, dkim, organizations)
    if aligned_by:
        return DmarcResult(Result.PASS, wanted, domain, aligned_by), organizations
    unsure = Result.TEMPERROR in {spf.result, *(one.result for one in dkim)}
    return DmarcResult(Result.TEMPERROR if unsure else Result.FAIL, wanted, domain), organizations


def _aligned_by(
    domain: str,
    record: PolicyRecord,
    spf: SpfResult,
    dkim: Sequence[DkimResult],
    organizations: dict[str, str],
) -> str:
    def aligned(one: SpfResult | DkimResult, mode: str | None) -> bool:
        if one.result is not Result.PASS:
            return False
        # Strict wants the same name, relaxed the same organisational domain.
        same = one.domain == domain
        return same or (mode != "s" and organizations.get(one.domain) == organizations[domain])

    if any(aligned(one, record.tags.get("adkim")) for one in dkim):
        return "dkim"
    return "spf" if aligned(spf, record.tags.get("aspf")) else ""
