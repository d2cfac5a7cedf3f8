"""Decide by DMARC (RFC 9989) whether a message is its author's domain's own.

The organisational domain and the policy are found by the DNS tree walk of section 4.10, not by a list of
public suffixes; `np`, `t` and `psd` are honoured, `pct` is gone, unknown tags are ignored. Reports (RFC 9990,
RFC 9991) are not sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from mailrelay.authentication.results import DkimResult, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.dns import DnsTemporaryError, Resolver

_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_REPORT_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s,!;]+", re.IGNORECASE)
_WALK_LABELS = 8  # section 4.10: at most eight questions however long the name
_MAX_RECORD_CHARACTERS = 4096
_MAX_AUTHOR_DOMAINS = 5  # a limit of ours, so that a From field cannot cost hundreds of questions
_REMEMBERED = 2048

_POLICIES = {policy.value: policy for policy in DmarcPolicy}
# `t=y`: the domain tests; what it asks for is applied one step milder (section 4.7).
_TESTING = {
    DmarcPolicy.REJECT: DmarcPolicy.QUARANTINE,
    DmarcPolicy.QUARANTINE: DmarcPolicy.NONE,
    DmarcPolicy.NONE: DmarcPolicy.NONE,
}
_STRICTEST_FIRST = (DmarcPolicy.REJECT, DmarcPolicy.QUARANTINE, DmarcPolicy.NONE)

_Identified = SpfResult | DkimResult
_Tags = MappingProxyType[str, str]
_NO_POLICY: _Tags = MappingProxyType({"p": "none"})


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A DMARC record: where it was found and its tags, names and values in lower case."""

    domain: str
    tags: _Tags

    def policy(self, *names: str) -> DmarcPolicy:
        """Return the policy of the first of tags `names` that is there, softened while testing."""
        wanted = next((self.tags[name] for name in names if name in self.tags), "none")
        policy = _POLICIES[wanted]
        return _TESTING[policy] if self.tags.get("t") == "y" else policy

    @property
    def applies(self) -> bool:
        """Whether mail is judged by this record at all (section 4.10.1)."""
        return "p" in self.tags


def parse_record(domain: str, text: str) -> PolicyRecord | None:
    """Return a DMARC record, or None for other text; what is malformed in it is ignored."""
    tags = _read_tags(text)
    return None if tags is None else PolicyRecord(domain, tags)


@lru_cache(_REMEMBERED)
def _read_tags(text: str) -> _Tags | None:
    """Return the tags of a record, `p` among them where its policy is to be followed.

    Without `p` a record asks for nothing (section 4.7). Where `p`, `sp` or `np` is no policy, the record
    counts as `p=none` if it asks for reports, else mail is not judged by it (section 4.10.1); either way it
    still marks an organisational domain.
    """
    if len(text) > _MAX_RECORD_CHARACTERS or not _VERSION.match(text):
        return None
    tags: dict[str, str] = {}
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip().lower())
    if all(tags.get(name, "none") in _POLICIES for name in ("p", "sp", "np")):
        tags.setdefault("p", "none")
        return MappingProxyType(tags)
    kept = {name: value for name, value in tags.items() if name not in {"p", "sp", "np"}}
    # The size after an exclamation mark is of RFC 7489, and ignored.
    uris = [uri.partition("!")[0].strip() for uri in tags.get("rua", "").split(",")]
    if any(_REPORT_URI.fullmatch(uri) for uri in uris):
        kept |= _NO_POLICY
    return MappingProxyType(kept)


async def tree_walk(domain: str, resolver: Resolver) -> list[PolicyRecord]:
    """Return the records found from `domain` upwards, longest name first (section 4.10).

    Raises:
        DnsTemporaryError: A question could not be answered.
    """
    found: list[PolicyRecord] = []
    for name in _walk_names(domain):
        question = f"_dmarc.{name}"
        texts: Sequence[str] | None = resolver.cached(question, "TXT")
        if texts is None:
            texts = await resolver.txt(question)
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
    # The author domain's own record, else the organisational domain's, else that of the public suffix above.
    organization = organizational_domain(domain, records)
    record = by_domain.get(domain) or by_domain.get(organization) or records[-1]
    if not record.applies:
        return None
    if record.domain == domain:
        return record, record.policy("p")
    if "np" in record.tags and not await resolver.exists(domain):
        return record, record.policy("np")
    return record, record.policy("sp", "p")


class Organizations:
    """The organisational domains that one message's questions of alignment need, each found once.

    Attributes:
        found: Organisational domain by domain.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.found: dict[str, str] = {}
        self._resolver = resolver

    async def records(self, domain: str) -> list[PolicyRecord]:
        """Walk up from a domain and note its organisational domain.

        Raises:
            DnsTemporaryError: A question could not be answered.
        """
        records = await tree_walk(domain, self._resolver)
        self.found[domain] = organizational_domain(domain, records)
        return records

    async def same(self, one: str, other: str) -> bool:
        """Return whether two domains are aligned in relaxed mode.

        Raises:
            DnsTemporaryError: A question could not be answered.
        """
        if one == other:
            return True
        # Above both there is at least the top-level domain: where that differs, nothing need be asked.
        if one.rpartition(".")[2] != other.rpartition(".")[2]:
            return False
        for domain in (one, other):
            if domain not in self.found:
                await self.records(domain)
        return self.found[one] == self.found[other]


async def evaluate(
    domains: Sequence[str],
    spf: SpfResult,
    dkim: Sequence[DkimResult],
    resolver: Resolver,
    organizations: Organizations,
) -> DmarcResult:
    """Return the DMARC result of a message.

    A From field with several domains is judged for each of them, and the strictest policy among those that
    fail holds, as the RFC's security considerations advise. Where none fails but not all pass, no one domain
    answers for the message.

    Args:
        domains: Author domains, lower-case A-labels; none where the From field is not to be read.
        spf: Result of the MAIL FROM identity.
        dkim: Results of all signatures.
        resolver: Answers DNS questions.
        organizations: Notes what is found.
    """
    if not 0 < len(domains) <= _MAX_AUTHOR_DOMAINS:
        return DmarcResult(Result.PERMERROR, DmarcPolicy.NONE, "")
    results = [await _evaluate_one(domain, spf, dkim, resolver, organizations) for domain in domains]
    if len(results) == 1 or all(one.result is Result.PASS for one in results):
        return results[0]
    failed = [one for one in results if one.result is Result.FAIL]
    unsure = [one for one in results if one.result is Result.TEMPERROR]
    ranked = sorted(failed or unsure, key=lambda one: _STRICTEST_FIRST.index(one.policy))
    return ranked[0] if ranked else DmarcResult(Result.PERMERROR, DmarcPolicy.NONE, "")


async def _evaluate_one(
    domain: str,
    spf: SpfResult,
    dkim: Sequence[DkimResult],
    resolver: Resolver,
    organizations: Organizations,
) -> DmarcResult:
    """Return the result for one author domain.

    Temporary DNS errors give `temperror`, but only where the result hangs on them: an aligned pass is a pass
    whatever else failed.
    """
    try:
        policy = await find_policy(domain, await organizations.records(domain), resolver)
    except DnsTemporaryError:
        return DmarcResult(Result.TEMPERROR, DmarcPolicy.NONE, domain)
    if policy is None:
        return DmarcResult(Result.NONE, DmarcPolicy.NONE, domain)
    record, wanted = policy
    aligned_by, unsure = await _aligned_by(domain, record, spf, dkim, organizations)
    if aligned_by:
        return DmarcResult(Result.PASS, wanted, domain, aligned_by)
    return DmarcResult(Result.TEMPERROR if unsure else Result.FAIL, wanted, domain)


async def _aligned_by(
    domain: str,
    record: PolicyRecord,
    spf: SpfResult,
    dkim: Sequence[DkimResult],
    organizations: Organizations,
) -> tuple[str, bool]:
    """Return the method that passed for an aligned domain, and whether a temporary error hides another."""
    methods: list[tuple[str, _Identified]] = [*(("dkim", one) for one in dkim), ("spf", spf)]
    passed = [(name, one.domain) for name, one in methods if one.result is Result.PASS]
    for name, identified in passed:
        if identified == domain:
            return name, False
    unsure = any(one.result is Result.TEMPERROR for _, one in methods)
    for name, identified in passed:
        # Strict wants the same name, relaxed the same organisational domain.
        if record.tags.get(f"a{name}") == "s":
            continue
        try:
            if await organizations.same(domain, identified):
                return name, False
        except DnsTemporaryError:
            unsure = True
    return "", unsure
