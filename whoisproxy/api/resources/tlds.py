"""TLDs: which mechanism each has, why, and by which source."""

from dataclasses import asdict

from registries.explanation import explain
from registries.policy import TldPolicy
from whoisproxy.api.models.common import NoQuery, Nothing, PageQuery
from whoisproxy.api.models.tlds import (
    HolderChangeView,
    SessionLimitsView,
    TldInWords,
    TldPage,
    TldView,
)
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.names import suffix_from, unicode_of

_LIST = "tlds"


def tld_view(policy: TldPolicy) -> TldView:
    """Return a rule as it is shown."""
    return TldView(
        tld=policy.tld,
        tld_unicode=unicode_of(policy.tld),
        operator=policy.operator,
        protocol=policy.protocol,
        extension=policy.extension,
        allowed=policy.allowed,
        mechanism=policy.mechanism,
        reason=policy.reason,
        explanation=policy.explanation,
        source=policy.source,
        source_date=policy.source_date,
        confidence=policy.confidence,
        holder_change=HolderChangeView(**asdict(policy.holder_change)),
        switch_changes_registrant=policy.switch_changes_registrant,
        contact_model=policy.contact_model,
        roles=list(policy.roles),
        natural_persons=list(policy.natural_persons),
        organisations=list(policy.organisations),
        proxies=policy.proxies,
        native_mechanism=policy.native_mechanism,
        presence=policy.presence,
        sessions=SessionLimitsView(**asdict(policy.sessions)),
        note=policy.note,
        in_words=TldInWords(**asdict(explain(policy))),
    )


async def list_tlds(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of the catalogue."""
    after = place_of(_LIST, call.query.cursor)
    found = [rule for rule in call.deps.catalogue.all() if rule.tld > after]
    shown = found[: call.query.limit]
    more = cursor(_LIST, shown[-1].tld) if len(found) > len(shown) else None
    return Answer(200, TldPage(tlds=[tld_view(rule) for rule in shown], next_cursor=more))


async def get_tld(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with the rule for a TLD; one without a rule is `none`, TLD_UNSUPPORTED."""
    return Answer(200, tld_view(call.deps.catalogue.policy(suffix_from(call.path["tld"]))))


ROUTES = (
    Route(
        method="GET",
        path="/v1/tlds",
        tag=Tag.TLDS,
        scope=Scope.DOMAINS_READ,
        summary="List the rules for all TLDs",
        handler=list_tlds,
        query=PageQuery,
        replies={200: Reply("One page", TldPage)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="GET",
        path="/v1/tlds/{tld}",
        tag=Tag.TLDS,
        scope=Scope.DOMAINS_READ,
        summary="Read the rule for a TLD",
        description="A TLD without a rule answers too: mechanism `none`, reason `TLD_UNSUPPORTED`.",
        handler=get_tld,
        replies={200: Reply("The rule", TldView)},
        problems=("INVALID_INPUT",),
    ),
)
