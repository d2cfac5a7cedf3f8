"""Rules about senders: for one domain, for all of its owner's, for all of the registrar's."""

from collections.abc import Mapping
from typing import Any

from whoisproxy.api.models.common import NoQuery, Nothing, PageQuery
from whoisproxy.api.models.sender_rules import SenderRuleBody, SenderRulePage, SenderRuleView
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Handler, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.sender_rules import RuleScope, StoredRule
from whoisproxy.services.sender_rules import RulesOf

_LIST = "sender-rules"
_PATHS = {
    RuleScope.DOMAIN: "/v1/domains/{name}/sender-rules",
    RuleScope.OWNER: "/v1/domains/{name}/registrant/sender-rules",
    RuleScope.REGISTRAR: "/v1/sender-rules",
}
_WHOSE = {
    RuleScope.DOMAIN: "a domain",
    RuleScope.OWNER: "an owner",
    RuleScope.REGISTRAR: "your domains",
}
_REACH = {
    RuleScope.DOMAIN: "Such a rule holds for mail to this domain.",
    RuleScope.OWNER: (
        "Such a rule holds for all your domains whose registrant has the mailbox of this one's, and follows "
        "him to another mailbox."
    ),
    RuleScope.REGISTRAR: "Such a rule holds for all your domains.",
}


def _view(rule: StoredRule) -> SenderRuleView:
    return SenderRuleView(
        id=rule.id, scope=rule.scope, sender=rule.sender, action=rule.action, created_at=rule.created_at
    )


def _whose(call: Call[Any, Any], scope: RuleScope) -> RulesOf:
    name = call.path.get("name")
    return RulesOf(scope, call.registrar, DomainName.parse(name) if name else None)


async def _list(call: Call[PageQuery, Nothing], scope: RuleScope) -> Answer:
    after = place_of(_LIST, call.query.cursor)
    found = await call.deps.sender_rules.page(_whose(call, scope), after, call.query.limit + 1)
    shown = found[: call.query.limit]
    more = cursor(_LIST, shown[-1].id) if len(found) > len(shown) else None
    return Answer(200, SenderRulePage(sender_rules=[_view(each) for each in shown], next_cursor=more))


async def _put(call: Call[NoQuery, SenderRuleBody], scope: RuleScope) -> Answer:
    whose, wanted = _whose(call, scope), call.body
    rule, is_new = await call.deps.sender_rules.put(whose, wanted.sender, wanted.action)
    path = _PATHS[scope].format(name=whose.domain)
    return Answer(201 if is_new else 200, _view(rule), location=f"{path}/{rule.id}")


async def _remove(call: Call[NoQuery, Nothing], scope: RuleScope) -> Answer:
    await call.deps.sender_rules.remove(_whose(call, scope), call.path["id"])
    return Answer(204)


async def list_sender_rules(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of the registrar's rules."""
    return await _list(call, RuleScope.REGISTRAR)


async def put_sender_rule(call: Call[NoQuery, SenderRuleBody]) -> Answer:
    """Allow or block a sender for all domains of the registrar."""
    return await _put(call, RuleScope.REGISTRAR)


async def remove_sender_rule(call: Call[NoQuery, Nothing]) -> Answer:
    """Forget a rule of the registrar."""
    return await _remove(call, RuleScope.REGISTRAR)


async def list_sender_rules_of_domain(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of a domain's rules."""
    return await _list(call, RuleScope.DOMAIN)


async def put_sender_rule_of_domain(call: Call[NoQuery, SenderRuleBody]) -> Answer:
    """Allow or block a sender for one domain."""
    return await _put(call, RuleScope.DOMAIN)


async def remove_sender_rule_of_domain(call: Call[NoQuery, Nothing]) -> Answer:
    """Forget a rule of a domain."""
    return await _remove(call, RuleScope.DOMAIN)


async def list_sender_rules_of_owner(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of an owner's rules."""
    return await _list(call, RuleScope.OWNER)


async def put_sender_rule_of_owner(call: Call[NoQuery, SenderRuleBody]) -> Answer:
    """Allow or block a sender for all domains of an owner."""
    return await _put(call, RuleScope.OWNER)


async def remove_sender_rule_of_owner(call: Call[NoQuery, Nothing]) -> Answer:
    """Forget a rule of an owner."""
    return await _remove(call, RuleScope.OWNER)


_HANDLERS: Mapping[RuleScope, tuple[Handler[Any, Any], Handler[Any, Any], Handler[Any, Any]]] = {
    RuleScope.DOMAIN: (
        list_sender_rules_of_domain,
        put_sender_rule_of_domain,
        remove_sender_rule_of_domain,
    ),
    RuleScope.OWNER: (list_sender_rules_of_owner, put_sender_rule_of_owner, remove_sender_rule_of_owner),
    RuleScope.REGISTRAR: (list_sender_rules, put_sender_rule, remove_sender_rule),
}


def _routes(scope: RuleScope) -> tuple[Route[Any, Any], ...]:
    path, whose, handlers = _PATHS[scope], _WHOSE[scope], _HANDLERS[scope]
    return (
        Route(
            method="GET",
            path=path,
            tag=Tag.MESSAGES,
            scope=Scope.MAIL_READ,
            summary=f"List the rules about senders for {whose}",
            handler=handlers[0],
            query=PageQuery,
            replies={200: Reply("One page", SenderRulePage)},
            problems=("BAD_CURSOR",),
        ),
        Route(
            method="POST",
            path=path,
            tag=Tag.MESSAGES,
            scope=Scope.MAIL_WRITE,
            summary=f"Allow or block a sender for {whose}",
            description=(
                f"{_REACH[scope]} Of several about a message, that for a domain goes before that for its "
                "owner, this before the registrar's, and this before the operator's; then a mailbox before "
                "a domain, a domain before one above it, and `block` before `allow`."
            ),
            handler=handlers[1],
            body=SenderRuleBody,
            replies={
                200: Reply("There was one about him; it is as asked for", SenderRuleView, ("Location",)),
                201: Reply("The rule is new", SenderRuleView, ("Location",)),
            },
        ),
        Route(
            method="DELETE",
            path=f"{path}/{{id}}",
            tag=Tag.MESSAGES,
            scope=Scope.MAIL_WRITE,
            summary=f"Forget a rule about a sender for {whose}",
            handler=handlers[2],
            replies={204: Reply("It is gone")},
        ),
    )


ROUTES = tuple(route for scope in _PATHS for route in _routes(scope))
