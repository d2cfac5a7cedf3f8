"""Webhooks: where we tell the registrar's backend of events."""

from whoisproxy.api.models.common import Links, NoQuery, Nothing
from whoisproxy.api.models.webhooks import (
    ReplayBody,
    ReplayView,
    WebhookBody,
    WebhookCreated,
    WebhookList,
    WebhookView,
)
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.webhook import Webhook

_PATH = "/v1/webhooks"


def _link(webhook: Webhook) -> str:
    return f"{_PATH}/{webhook.id}"


def webhook_view(webhook: Webhook) -> WebhookView:
    """Return a webhook without its secret."""
    return WebhookView(
        id=webhook.id, url=webhook.url, created_at=webhook.created_at, links=Links(self=_link(webhook))
    )


async def list_webhooks(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with all webhooks: there are few."""
    found = await call.deps.webhooks.list(call.registrar)
    return Answer(200, WebhookList(webhooks=[webhook_view(each) for each in found]))


async def add_webhook(call: Call[NoQuery, WebhookBody]) -> Answer:
    """Add a webhook and show its secret, this once."""
    if len(await call.deps.webhooks.list(call.registrar)) >= call.deps.limits.webhooks:
        raise InvalidInput("url", f"there are {call.deps.limits.webhooks} webhooks already")
    webhook = await call.deps.webhooks.add(call.registrar, call.body.url)
    shown = webhook_view(webhook)
    created = WebhookCreated(**dict(shown), secret=webhook.secret)
    return Answer(201, created, location=_link(webhook))


async def remove_webhook(call: Call[NoQuery, Nothing]) -> Answer:
    """Remove a webhook."""
    await call.deps.webhooks.remove(call.registrar, call.path["id"])
    return Answer(204)


async def replay_event(call: Call[NoQuery, ReplayBody]) -> Answer:
    """Send an event again."""
    await call.deps.webhooks.replay(call.registrar, call.path["id"], call.body.sequence)
    return Answer(202, ReplayView(webhook_id=call.path["id"], sequence=call.body.sequence))


ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.WEBHOOKS,
        scope=Scope.EVENTS_READ,
        summary="List your webhooks",
        handler=list_webhooks,
        replies={200: Reply("All of them, without secrets", WebhookList)},
    ),
    Route(
        method="POST",
        path=_PATH,
        tag=Tag.WEBHOOKS,
        scope=Scope.WEBHOOKS_WRITE,
        summary="Add a webhook",
        description=(
            "Each event is sent as JSON by `POST`, with `Whoisproxy-Signature: t=<unix time>,v1=<hex>`: the "
            "HMAC-SHA-256 of the time, a dot and the body under the secret, which is shown this once."
        ),
        handler=add_webhook,
        body=WebhookBody,
        replies={201: Reply("It is new; keep the secret", WebhookCreated, ("Location",))},
    ),
    Route(
        method="DELETE",
        path=f"{_PATH}/{{id}}",
        tag=Tag.WEBHOOKS,
        scope=Scope.WEBHOOKS_WRITE,
        summary="Remove a webhook",
        handler=remove_webhook,
        replies={204: Reply("It is gone")},
    ),
    Route(
        method="POST",
        path=f"{_PATH}/{{id}}/replay",
        tag=Tag.WEBHOOKS,
        scope=Scope.WEBHOOKS_WRITE,
        summary="Send an event again",
        handler=replay_event,
        body=ReplayBody,
        replies={202: Reply("It is on its way", ReplayView)},
    ),
)
