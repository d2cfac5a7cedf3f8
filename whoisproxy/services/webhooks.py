"""Webhooks: tell a registrar's backend of events, signed, and again until it has taken them.

A delivery is a POST of the event as `GET /v1/events` shows it. `Whoisproxy-Signature: t=<unix>,v1=<hex>`
carries HMAC-SHA-256 over `t`, a full stop and the body: the receiver checks it and the age of `t`. Any 2xx
says that it was taken; redirects are not followed. Deliveries may come twice and out of order: `sequence`
tells. URLs are the registrar's, so by default only public addresses are called (see `public_addresses`).
"""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

import aiohttp
import orjson
import structlog
from prometheus_client import Counter
from yarl import URL

from registries.public_addresses import PublicResolver, may_be_called
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.ids import base32, new_id
from whoisproxy.domain.operation import Event
from whoisproxy.domain.webhook import Webhook
from whoisproxy.services.events import ask_for_delivery
from whoisproxy.services.outbox_worker import RetryLater
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage

SIGNATURE: Final = "Whoisproxy-Signature"

_log = structlog.get_logger()
_DELIVERIES = Counter("whoisproxy_webhook_deliveries", "Webhook deliveries by outcome.", ["outcome"])
_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_SECRET_BITS = 256
_SECRET_LENGTH = 52


class Webhooks:
    """A registrar's webhooks."""

    def __init__(self, storage: Storage, clock: Clock, *, allow_private: bool = False) -> None:
        self._storage = storage
        self._clock = clock
        self._allow_private = allow_private

    async def add(self, registrar: Registrar, url: str) -> Webhook:
        """Add a webhook; its secret is shown with this answer only.

        Raises:
            InvalidInput: No http or https URL, or one that names a user or an address that is not public.
        """
        _check_url(url, allow_private=self._allow_private)
        now = self._clock()
        secret = f"whsec_{base32(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)}"
        webhook = Webhook(new_id("whk", now), registrar.id, url, secret, now)
        async with self._storage.unit_of_work() as uow:
            await uow.webhooks.add(webhook)
        return webhook

    async def list(self, registrar: Registrar) -> tuple[Webhook, ...]:
        """Return the registrar's webhooks, oldest first."""
        async with self._storage.reading() as uow:
            return tuple(await uow.webhooks.of_registrar(registrar.id))

    async def remove(self, registrar: Registrar, webhook_id: str) -> None:
        """Remove a webhook; deliveries that wait for it come to nothing.

        Raises:
            NotFound: The registrar has none of that id.
        """
        async with self._storage.unit_of_work() as uow:
            _demand_own(await uow.webhooks.get(webhook_id), registrar)
            await uow.webhooks.remove(webhook_id)

    async def replay(self, registrar: Registrar, webhook_id: str, sequence: int) -> None:
        """Deliver an event once more.

        Raises:
            NotFound: The registrar has no such webhook, or no such event.
        """
        async with self._storage.unit_of_work() as uow:
            _demand_own(await uow.webhooks.get(webhook_id), registrar)
            found = await uow.events.after(registrar.id, sequence - 1, 1)
            if not found or found[0].sequence != sequence:
                raise NotFound("you have no event of that sequence")
            await ask_for_delivery(uow, webhook_id, sequence, registrar.id, self._clock)


class WebhookDelivery:
    """Carries out outbox work of kind `webhook.deliver`."""

    def __init__(self, storage: Storage, clock: Clock, *, allow_private: bool = False) -> None:
        self._storage = storage
        self._clock = clock
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None

    async def handle(self, item: OutboxItem) -> None:
        """Send one event to one webhook; nothing is left to do where either is gone.

        Raises:
            RetryLater: It was not taken.
        """
        webhook_id, registrar_id = str(item.payload["webhook_id"]), str(item.payload["registrar_id"])
        sequence = int(str(item.payload["sequence"]))
        async with self._storage.reading() as uow:
            webhook = await uow.webhooks.get(webhook_id)
            found = await uow.events.after(registrar_id, sequence - 1, 1)
        if webhook is None or webhook.registrar_id != registrar_id or not found:
            return
        if found[0].sequence == sequence:
            await self._send(webhook, found[0])

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Leave it: the event stays in `GET /v1/events` and can be replayed."""
        _DELIVERIES.labels("given-up").inc()
        _log.warning("webhook-given-up", webhook_id=item.payload["webhook_id"], code=code)

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(self, webhook: Webhook, event: Event) -> None:
        body = event_json(event)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "whoisproxy",
            SIGNATURE: signature(webhook.secret, self._clock(), body),
        }
        if not may_be_called(URL(webhook.url), allow_private=self._allow_private):
            raise self._failed("WEBHOOK_ADDRESS_REFUSED")
        try:
            async with self._client().post(
                webhook.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                taken = answer.ok and not 300 <= answer.status < 400  # noqa: PLR2004 - RFC 9110 section 15.4
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise self._failed("WEBHOOK_UNREACHABLE") from None
        if not taken:
            raise self._failed("WEBHOOK_NOT_TAKEN")
        _DELIVERIES.labels("delivered").inc()

    def _failed(self, code: str) -> RetryLater:
        _DELIVERIES.labels("failed").inc()
        return RetryLater(code)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = PublicResolver(allow_private=self._allow_private)
            # Each delivery looks its host up anew: a name may have moved to a private address since.
            connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=32)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def event_json(event: Event) -> bytes:
    """Return an event as the API shows it."""
    return orjson.dumps(
        {
            "sequence": event.sequence,
            "id": event.id,
            "type": event.type,
            "domain": event.domain,
            "data": dict(event.data),
            "at": event.at,
        },
        option=orjson.OPT_UTC_Z,
    )


def signature(secret: str, at: datetime, body: bytes) -> str:
    """Return the value of the signature header for a body sent at a time."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def _check_url(url: str, *, allow_private: bool) -> None:
    try:
        parsed = URL(url)
    except ValueError:
        raise InvalidInput("url", "is not a URL") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise InvalidInput("url", "must be an http or https URL with a host")
    if parsed.user or parsed.password or parsed.fragment:
        raise InvalidInput("url", "must have neither user, password nor fragment")
    if not may_be_called(parsed, allow_private=allow_private):
        raise InvalidInput("url", "must not name an address that is not public")


def _demand_own(webhook: Webhook | None, registrar: Registrar) -> None:
    if webhook is None or webhook.registrar_id != registrar.id:
        raise NotFound("you have no webhook of that id")
