"""Every route of the API, in the order of document and page."""

from typing import Any

from whoisproxy.api.resources import (
    appearance,
    bulk,
    corrections,
    correspondence,
    disclosures,
    domains,
    events,
    health,
    messages,
    operations,
    portal_links,
    privacy,
    publication,
    quarantine,
    registry_messages,
    registry_tasks,
    sender_rules,
    sign_in_policy,
    tlds,
    webhooks,
)
from whoisproxy.api.routing import Route

ROUTES: tuple[Route[Any, Any], ...] = (
    *domains.ROUTES,
    *privacy.ROUTES,
    *publication.ROUTES,
    *disclosures.ROUTES,
    *corrections.ROUTES,
    *portal_links.ROUTES,
    *sign_in_policy.ROUTES,
    *bulk.ROUTES,
    *messages.ROUTES,
    *quarantine.ROUTES,
    *correspondence.ROUTES,
    *sender_rules.ROUTES,
    *operations.ROUTES,
    *registry_messages.ROUTES,
    *registry_tasks.ROUTES,
    *tlds.ROUTES,
    *events.ROUTES,
    *appearance.ROUTES,
    *webhooks.ROUTES,
    *health.ROUTES,
)
