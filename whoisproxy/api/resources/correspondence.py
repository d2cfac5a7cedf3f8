"""An owner's correspondence: his wishes for a domain's mail, his reply addresses, whom he blocks."""

from typing import Any

from mailrelay.directory import MailPolicy
from whoisproxy.api.models.common import NoQuery, Nothing, PageQuery
from whoisproxy.api.models.correspondence import (
    BlockBody,
    BlockedList,
    BlockedView,
    MailSettingsBody,
    MailSettingsView,
    ReplyAddressPage,
    ReplyAddressView,
)
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import mailbox
from whoisproxy.domain.relay import ReplyAddress
from whoisproxy.domain.sender_rules import MOST_RULES, RuleAction, RuleScope, StoredRule
from whoisproxy.services.sender_rules import RulesOf

_SETTINGS = "/v1/domains/{name}/mail-settings"
_REPLIES = "/v1/domains/{name}/reply-addresses"
_BLOCKED = "/v1/domains/{name}/blocked-correspondents"
_LIST = "reply-addresses"


def _settings_view(settings: MailSettings, policy: MailPolicy) -> MailSettingsView:
    return MailSettingsView.model_validate({**settings.as_dict(), "mail_policy": policy})


def _reply_view(reply: ReplyAddress) -> ReplyAddressView:
    return ReplyAddressView(
        id=reply.id,
        address=reply.address,
        correspondent=reply.opening.correspondent,
        created_at=reply.created_at,
        expires_at=reply.expires_at,
        revoked_at=reply.revoked_at,
    )


async def get_mail_settings(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with how the owner wants the domain's mail."""
    name = DomainName.parse(call.path["name"])
    return await _settings(call, name)


async def patch_mail_settings(call: Call[NoQuery, MailSettingsBody]) -> Answer:
    """Change what is named, and answer with the whole."""
    name = DomainName.parse(call.path["name"])
    wishes = call.body.model_dump(exclude_none=True, exclude={"mail_policy"})
    await call.deps.correspondence.change(call.registrar, name, wishes, call.body.mail_policy)
    return await _settings(call, name)


async def _settings(call: Call[NoQuery, Any], name: DomainName) -> Answer:
    correspondence, registrar = call.deps.correspondence, call.registrar
    policy = await correspondence.policy(registrar, name)
    return Answer(200, _settings_view(await correspondence.settings(registrar, name), policy))


async def list_reply_addresses(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of a domain's reply addresses."""
    name = DomainName.parse(call.path["name"])
    after = place_of(_LIST, call.query.cursor)
    found = await call.deps.correspondence.reply_addresses(call.registrar, name, after, call.query.limit + 1)
    shown = found[: call.query.limit]
    more = cursor(_LIST, shown[-1].id) if len(found) > len(shown) else None
    return Answer(
        200, ReplyAddressPage(reply_addresses=[_reply_view(each) for each in shown], next_cursor=more)
    )


async def revoke_reply_address(call: Call[NoQuery, Nothing]) -> Answer:
    """End a reply address."""
    name = DomainName.parse(call.path["name"])
    await call.deps.correspondence.revoke(call.registrar, name, call.path["id"])
    return Answer(204)


def _rules(call: Call[Any, Any]) -> RulesOf:
    return RulesOf(RuleScope.DOMAIN, call.registrar, DomainName.parse(call.path["name"]))


def _blocked_view(rule: StoredRule) -> BlockedView:
    return BlockedView(id=rule.id, mailbox=rule.sender, blocked_at=rule.created_at)


async def list_blocked_correspondents(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with those rules about senders that block a mailbox."""
    rules = await call.deps.sender_rules.page(_rules(call), "", MOST_RULES[RuleScope.DOMAIN])
    blocked = [each for each in rules if each.is_address and each.action is RuleAction.BLOCK]
    return Answer(200, BlockedList(blocked_correspondents=[_blocked_view(each) for each in blocked]))


async def block_correspondent(call: Call[NoQuery, BlockBody]) -> Answer:
    """Keep a correspondent's mail from the owner."""
    whose, correspondent = _rules(call), mailbox(call.body.mailbox, "mailbox")
    rule, _ = await call.deps.sender_rules.put(whose, correspondent, RuleAction.BLOCK)
    location = f"/v1/domains/{whose.domain}/blocked-correspondents/{rule.id}"
    return Answer(201, _blocked_view(rule), location=location)


async def unblock_correspondent(call: Call[NoQuery, Nothing]) -> Answer:
    """Let a correspondent's mail through again."""
    await call.deps.sender_rules.remove(_rules(call), call.path["id"])
    return Answer(204)


ROUTES = (
    Route(
        method="GET",
        path=_SETTINGS,
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_READ,
        summary="Read how an owner wants a domain's mail",
        handler=get_mail_settings,
        replies={200: Reply("As it stands", MailSettingsView)},
    ),
    Route(
        method="PATCH",
        path=_SETTINGS,
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Change how an owner wants a domain's mail",
        description="Holds for queued mail too: it is looked up when a message is delivered.",
        handler=patch_mail_settings,
        body=MailSettingsBody,
        replies={200: Reply("As it stands now", MailSettingsView)},
    ),
    Route(
        method="GET",
        path=_REPLIES,
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_READ,
        summary="List the addresses by which an owner answers",
        handler=list_reply_addresses,
        query=PageQuery,
        replies={200: Reply("One page", ReplyAddressPage)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="DELETE",
        path=f"{_REPLIES}/{{id}}",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Revoke a reply address",
        description="What is sent to it is refused from now on; the thread's next message brings another.",
        handler=revoke_reply_address,
        replies={204: Reply("It is revoked")},
    ),
    Route(
        method="GET",
        path=_BLOCKED,
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_READ,
        summary="List the correspondents whom an owner has blocked",
        handler=list_blocked_correspondents,
        replies={200: Reply("All of them", BlockedList)},
    ),
    Route(
        method="POST",
        path=_BLOCKED,
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Block a correspondent",
        description=(
            "His mail is accepted and held: he is not told, and it can be released. This is a rule about "
            "senders for the domain."
        ),
        handler=block_correspondent,
        body=BlockBody,
        replies={201: Reply("His mail is held from now on", BlockedView, ("Location",))},
    ),
    Route(
        method="DELETE",
        path=f"{_BLOCKED}/{{id}}",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Let a blocked correspondent's mail through again",
        handler=unblock_correspondent,
        replies={204: Reply("His mail goes through from now on")},
    ),
)
