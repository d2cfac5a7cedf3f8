"""Held mail of a domain or an owner: lists, releases, reports and blocks."""

from mailrelay.checks.explanations import why
from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.models.quarantine import (
    BlockSenderBody,
    DecisionView,
    HeldMessageList,
    HeldMessageView,
    QuarantineQuery,
    ReasonView,
    ReleaseBody,
)
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.errors import MalwareUnconfirmed
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.quarantine import Decided, Decision, HeldMessage, Outcome, Speaker
from whoisproxy.services.quarantine import OpenedMessage, demanded

_LIST = "quarantine"
_RELEASES = {
    None: Decision.RELEASE,
    "sender": Decision.ALLOW_SENDER,
    "domain": Decision.ALLOW_DOMAIN,
}
_BLOCKS = {"sender": Decision.BLOCK_SENDER, "domain": Decision.BLOCK_DOMAIN}


def _view(held: HeldMessage, language: str) -> HeldMessageView:
    record = held.record
    return HeldMessageView(
        id=record.id,
        domain=held.domain,
        kind=held.kind,
        score=held.score,
        malware=held.is_dangerous,
        sender=record.sender,
        size_octets=record.size_octets,
        received_at=record.received_at,
        held_at=record.updated_at,
        expires_at=held.expires_at,
        reasons=[
            ReasonView(check=one.check, action=one.action, reason=one.reason, score=one.score)
            for one in held.notes
        ],
        why=list(why(held.notes, language)),
    )


async def list_held_messages(call: Call[QuarantineQuery, Nothing]) -> Answer:
    """Answer with what is held, as its owner sees it."""
    name, query = DomainName.parse(call.path["name"]), call.query
    after = place_of(_LIST, query.cursor)
    found = await call.deps.quarantine.of_domain(call.registrar, name, whole_owner=query.of == "owner")
    behind = [each for each in found if each.place > after]
    shown = behind[: query.limit]
    more = cursor(_LIST, shown[-1].place) if len(behind) > len(shown) else None
    views = [_view(each, query.language) for each in shown]
    return Answer(200, HeldMessageList(messages=views, next_cursor=more, total=len(found)))


async def release_message(call: Call[NoQuery, ReleaseBody]) -> Answer:
    """Let a message that was kept back go on."""
    found = await call.deps.quarantine.find(call.path["id"], call.registrar)
    decision = _RELEASES[call.body.allow]
    if found is None or not found.held.is_held:
        # An answer, or what waits for another attempt; whatever it is, no rule follows from it.
        await call.deps.mailbox.release(call.registrar, call.path["id"])
        return Answer(204)
    decided = await _decided(call, found, decision, sure=call.body.accept_malware)
    return Answer(204) if decision is Decision.RELEASE else _answer(decided)


async def discard_message(call: Call[NoQuery, Nothing]) -> Answer:
    """Throw a message that was kept back away."""
    found = await call.deps.quarantine.find(call.path["id"], call.registrar)
    if found is None or not found.held.is_held:
        await call.deps.mailbox.discard(call.registrar, call.path["id"])
    else:
        await _decided(call, found, Decision.DISCARD)
    return Answer(204)


async def report_message(call: Call[NoQuery, Nothing]) -> Answer:
    """Throw a held message away as spam, and learn from it."""
    found = demanded(await call.deps.quarantine.find(call.path["id"], call.registrar))
    return _answer(await _decided(call, found, Decision.REPORT))


async def block_sender(call: Call[NoQuery, BlockSenderBody]) -> Answer:
    """Throw a held message away, and hold all that its sender writes."""
    found = demanded(await call.deps.quarantine.find(call.path["id"], call.registrar))
    return _answer(await _decided(call, found, _BLOCKS[call.body.whom]))


async def _decided(
    call: Call[NoQuery, ReleaseBody] | Call[NoQuery, Nothing] | Call[NoQuery, BlockSenderBody],
    found: OpenedMessage,
    decision: Decision,
    *,
    sure: bool = False,
) -> Decided:
    decided = await call.deps.decisions.decide(found, decision, Speaker.REGISTRAR, sure=sure)
    if decided.outcome is Outcome.DANGEROUS:
        raise MalwareUnconfirmed("malware was found in the message; say accept_malware to release it")
    return decided


def _answer(decided: Decided) -> Answer:
    return Answer(200, DecisionView(outcome=decided.outcome, sender_proven=decided.counts))


ROUTES = (
    Route(
        method="GET",
        path="/v1/domains/{name}/quarantine",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_READ,
        summary="List held messages",
        description="What checks hold for the domain or for all domains of its owner, and why; without text.",
        handler=list_held_messages,
        query=QuarantineQuery,
        replies={200: Reply("One page", HeldMessageList)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="POST",
        path="/v1/messages/{id}/release",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Release a message that was kept back",
        description="An answer that would show its owner is held again: only he may let that pass.",
        handler=release_message,
        body=ReleaseBody,
        body_optional=True,
        replies={
            200: Reply("It is on its way, its sender allowed", DecisionView),
            204: Reply("It is on its way"),
        },
        problems=("MALWARE_UNCONFIRMED",),
    ),
    Route(
        method="POST",
        path="/v1/messages/{id}/report",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Report a held message as spam",
        description="It is thrown away, and the filter learns from it.",
        handler=report_message,
        replies={200: Reply("What became of it", DecisionView)},
    ),
    Route(
        method="POST",
        path="/v1/messages/{id}/block",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Block the sender of a held message",
        description="It is thrown away; what the sender, or his domain, writes from now on is held.",
        handler=block_sender,
        body=BlockSenderBody,
        body_optional=True,
        replies={200: Reply("What became of it", DecisionView)},
    ),
    Route(
        method="DELETE",
        path="/v1/messages/{id}",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_WRITE,
        summary="Discard a message that was kept back",
        handler=discard_message,
        replies={204: Reply("It is gone")},
    ),
)
