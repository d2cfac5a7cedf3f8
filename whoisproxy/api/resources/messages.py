"""Messages of a domain: what was relayed and what was kept back."""

from mailrelay.queue.entry import MessageRecord
from whoisproxy.api.models.common import Nothing, PageQuery
from whoisproxy.api.models.messages import MessagePage, MessageView, VerdictView
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.names import DomainName

_LIST = "messages"


def message_view(record: MessageRecord) -> MessageView:
    """Return a message as it is shown: envelope and verdicts, no text."""
    return MessageView(
        id=record.id,
        direction=record.direction,
        state=record.state,
        sender=record.sender,
        recipient=record.recipient,
        size_octets=record.size_octets,
        verdicts=[
            VerdictView(check=each.check, action=each.action, reason=each.reason) for each in record.verdicts
        ],
        attempts=record.attempts,
        last_error=record.last_error,
        received_at=record.received_at,
        updated_at=record.updated_at,
    )


async def list_messages(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of a domain's messages."""
    name = DomainName.parse(call.path["name"])
    after = place_of(_LIST, call.query.cursor)
    found = await call.deps.mailbox.list(call.registrar, name, after, call.query.limit + 1)
    shown = found[: call.query.limit]
    more = cursor(_LIST, shown[-1].id) if len(found) > len(shown) else None
    return Answer(200, MessagePage(messages=[message_view(each) for each in shown], next_cursor=more))


ROUTES = (
    Route(
        method="GET",
        path="/v1/domains/{name}/messages",
        tag=Tag.MESSAGES,
        scope=Scope.MAIL_READ,
        summary="List a domain's messages",
        description="What was relayed and what was kept back, with the reasons; newest first, without text.",
        handler=list_messages,
        query=PageQuery,
        replies={200: Reply("One page", MessagePage)},
        problems=("BAD_CURSOR",),
    ),
)
