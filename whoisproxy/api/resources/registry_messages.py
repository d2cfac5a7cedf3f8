"""Messages that registries left for the registrar's account, as far as they end no change of ours."""

from whoisproxy.api.models.common import NoQuery, Nothing, PageQuery
from whoisproxy.api.models.registry_messages import (
    RegistryMessageLinks,
    RegistryMessagePage,
    RegistryMessageView,
)
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.registry import RegistryMessage

_LIST = "registry-messages"
_PATH = "/v1/registry-messages"


def message_view(message: RegistryMessage) -> RegistryMessageView:
    """Return a message as it is shown."""
    link = f"{_PATH}/{message.id}"
    return RegistryMessageView(
        id=message.id,
        account=message.account,
        registry_id=message.message_id,
        kind=message.kind,
        domain=message.domain,
        about=message.about,
        text=message.text,
        transfer=message.transfer,
        transaction=message.transaction,
        succeeded=message.succeeded,
        received_at=message.received_at,
        links=RegistryMessageLinks(self=_PATH, acknowledge=f"{link}/acknowledge"),
    )


async def list_registry_messages(call: Call[PageQuery, Nothing]) -> Answer:
    """Answer with one page of what is not acknowledged yet."""
    after = place_of(_LIST, call.query.cursor)
    found = await call.deps.registry_messages.page(call.registrar, after, call.query.limit + 1)
    shown = found[: call.query.limit]
    more = cursor(_LIST, shown[-1].id) if len(found) > len(shown) else None
    return Answer(200, RegistryMessagePage(messages=[message_view(each) for each in shown], next_cursor=more))


async def acknowledge_registry_message(call: Call[NoQuery, Nothing]) -> Answer:
    """Take a message off the list."""
    await call.deps.registry_messages.acknowledge(call.registrar, call.path["id"])
    return Answer(204)


ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.REGISTRY_MESSAGES,
        scope=Scope.EVENTS_READ,
        summary="Read what registries had to say",
        description=(
            "We empty the registry's message queue, since some changes of ours end by a message. All others "
            "are kept here, oldest first, until you acknowledge them: transfers, renewals, whatever is about "
            "a domain that you have here, or came to an account of your own."
        ),
        handler=list_registry_messages,
        query=PageQuery,
        replies={200: Reply("One page", RegistryMessagePage)},
        problems=("BAD_CURSOR",),
    ),
    Route(
        method="POST",
        path=f"{_PATH}/{{id}}/acknowledge",
        tag=Tag.REGISTRY_MESSAGES,
        scope=Scope.DOMAINS_WRITE,
        summary="Acknowledge a registry's message",
        description="It is not shown again. Doing so twice does no harm.",
        handler=acknowledge_registry_message,
        replies={204: Reply("It is taken")},
    ),
)
