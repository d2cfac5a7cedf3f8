"""A domain's privacy: switch it, look at what a switch would change, rotate its addresses, freeze it."""

from registries.policy import TldPolicy
from whoisproxy.api.etags import demand_match, demands_match, strong_tag
from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.models.contacts import contacts_view
from whoisproxy.api.models.privacy import (
    ConsentsView,
    ConsentView,
    Difference,
    KeptConsentView,
    PreviewBody,
    PreviewView,
    PrivacyBody,
    PrivacyLinks,
    PrivacyView,
    RegistrantChange,
)
from whoisproxy.api.resources.domains import domain_link
from whoisproxy.api.resources.operations import operation_link, operation_view
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationState
from whoisproxy.domain.privacy import Consent, KeptConsent
from whoisproxy.services import privacy as service
from whoisproxy.services.switching import SwitchRequest

_PATH = "/v1/domains/{name}/privacy"
_TLD_PROBLEMS = ("TLD_PROHIBITED", "TLD_UNSUPPORTED", "TLD_ALREADY_REDACTED", "TLD_LOCAL_PRESENCE")


def _registrant_change(policy: TldPolicy) -> RegistrantChange:
    triggered = policy.switch_changes_registrant
    return RegistrantChange(triggered=triggered, lock_days=policy.holder_change.lock_days if triggered else 0)


def privacy_view(view: service.PrivacyView) -> PrivacyView:
    """Return a domain's privacy as it is shown to its registrar."""
    privacy, policy, operation = view.privacy, view.policy, view.operation
    domain = domain_link(view.registration.name)
    consent = privacy.consent
    return PrivacyView(
        domain=view.registration.name.a_label,
        state=privacy.status.state,
        wanted=privacy.status.wanted,
        published=privacy.status.published,
        allowed=policy.allowed,
        mechanism=policy.mechanism,
        reason=policy.reason or privacy.reason or view.because or None,
        explanation=policy.explanation,
        source=policy.source,
        published_contacts=contacts_view(view.published),
        registrant_change=_registrant_change(policy),
        mail_policy=privacy.mail_policy,
        forward_to=privacy.forward_to,
        consent=ConsentView(by=consent.by, at=consent.at, text_version=consent.text_version)
        if consent
        else None,
        operation=operation_view(operation) if operation else None,
        updated_at=privacy.updated_at,
        links=PrivacyLinks(
            self=f"{domain}/privacy",
            domain=domain,
            operation=operation_link(operation.id) if operation else None,
        ),
    )


def privacy_tag(view: service.PrivacyView) -> str:
    """Return the strong tag of a domain's privacy: it changes with whatever the answer shows."""
    return _tag(view, privacy_view(view))


def _tag(view: service.PrivacyView, shown: PrivacyView) -> str:
    # The id tells a domain that was deleted and made again from the one before.
    return strong_tag("privacy", view.registration.id, shown.model_dump_json())


def status_of(view: service.PrivacyView) -> int:
    """Return 202 while an operation works on the domain, else 200."""
    working = view.operation is not None and view.operation.state is OperationState.PENDING
    return 202 if working else 200


def answer_of(view: service.PrivacyView) -> Answer:
    """Return the answer to a change."""
    shown, status = privacy_view(view), status_of(view)
    location = operation_link(view.operation.id) if view.operation is not None and status == 202 else ""  # noqa: PLR2004
    return Answer(status, shown, etag=_tag(view, shown), location=location)


def switch_request(body: PrivacyBody) -> SwitchRequest:
    """Return a body as the service takes it."""
    consent = body.consent
    return SwitchRequest(
        enabled=body.enabled,
        mail_policy=body.mail_policy,
        forward_to=body.forward_to,
        consent=Consent(consent.by, consent.at, consent.text_version) if consent else None,
    )


async def _matched_version(call: Call[NoQuery, PrivacyBody] | Call[NoQuery, Nothing]) -> int | None:
    if not demands_match(call.request):
        return None
    try:
        view = await call.deps.privacy.status(call.registrar, DomainName.parse(call.path["name"]))
    except NotFound:
        demand_match(call.request, None)
        raise
    demand_match(call.request, privacy_tag(view))
    return view.registration.version


async def get_privacy(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with the privacy as it stands."""
    view = await call.deps.privacy.status(call.registrar, DomainName.parse(call.path["name"]))
    shown = privacy_view(view)
    return Answer(200, shown, etag=_tag(view, shown))


async def put_privacy(call: Call[NoQuery, PrivacyBody]) -> Answer:
    """Switch privacy, or change what is done with mail."""
    name = DomainName.parse(call.path["name"])
    version = await _matched_version(call)
    return answer_of(await call.deps.privacy.switch(call.registrar, name, switch_request(call.body), version))


async def delete_privacy(call: Call[NoQuery, Nothing]) -> Answer:
    """Switch privacy off, keeping the settings."""
    name = DomainName.parse(call.path["name"])
    version = await _matched_version(call)
    wish = SwitchRequest(enabled=False, mail_policy=None, forward_to=None, consent=None)
    return answer_of(await call.deps.privacy.switch(call.registrar, name, wish, version))


async def preview_privacy(call: Call[NoQuery, PreviewBody]) -> Answer:
    """Answer with what a switch would change."""
    name = DomainName.parse(call.path["name"])
    preview = await call.deps.privacy.preview(call.registrar, name, enabled=call.body.enabled)
    policy = preview.policy
    return Answer(
        200,
        PreviewView(
            domain=name.a_label,
            enabled=call.body.enabled,
            allowed=policy.allowed,
            mechanism=policy.mechanism,
            reason=policy.reason or preview.because or None,
            explanation=policy.explanation,
            source=policy.source,
            registrant_change=_registrant_change(policy),
            before=contacts_view(preview.before),
            after=contacts_view(preview.after),
            differences=[
                Difference(role=each.role, field=each.field, before=each.before, after=each.after)
                for each in preview.differences
            ],
        ),
    )


async def list_consents(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer with what the owner has agreed to."""
    name = DomainName.parse(call.path["name"])
    kept = await call.deps.privacy.consents(call.registrar, name)
    return Answer(200, ConsentsView(domain=name.a_label, consents=[_kept_view(each) for each in kept]))


def _kept_view(kept: KeptConsent) -> KeptConsentView:
    consent = kept.consent
    return KeptConsentView(
        by=consent.by,
        at=consent.at,
        text_version=consent.text_version,
        to=consent.to,
        language=consent.language,
        actor=kept.actor,
        proofs=list(consent.proofs),
    )


async def rotate_addresses(call: Call[NoQuery, Nothing]) -> Answer:
    """Publish new relay addresses; the old ones go on through their grace period."""
    return answer_of(await call.deps.privacy.rotate(call.registrar, DomainName.parse(call.path["name"])))


async def suspend_privacy(call: Call[NoQuery, Nothing]) -> Answer:
    """Freeze switching."""
    return answer_of(await call.deps.privacy.suspend(call.registrar, DomainName.parse(call.path["name"])))


async def resume_privacy(call: Call[NoQuery, Nothing]) -> Answer:
    """Thaw switching."""
    return answer_of(await call.deps.privacy.resume(call.registrar, DomainName.parse(call.path["name"])))


_CHANGED = {
    200: Reply("Nothing is left to do", PrivacyView, ("ETag",)),
    202: Reply("An operation works on it", PrivacyView, ("ETag", "Location")),
}

ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        tag=Tag.PRIVACY,
        scope=Scope.DOMAINS_READ,
        summary="Read a domain's privacy",
        handler=get_privacy,
        replies={200: Reply("As it stands", PrivacyView, ("ETag",))},
        conditional="read",
    ),
    Route(
        method="PUT",
        path=_PATH,
        tag=Tag.PRIVACY,
        scope=Scope.PRIVACY_WRITE,
        summary="Switch a domain's privacy",
        description=(
            "Where the registry has to be asked, the answer is 202 and `Location` names the operation. "
            "The registrant is hidden while `wanted` or `published` is true: a switch fails towards privacy."
        ),
        handler=put_privacy,
        body=PrivacyBody,
        replies=_CHANGED,
        problems=(*_TLD_PROBLEMS, "CONSENT_REQUIRED", "REGISTRANT_UNVERIFIED", "DOMAIN_LOCKED"),
        conditional="write",
    ),
    Route(
        method="DELETE",
        path=_PATH,
        tag=Tag.PRIVACY,
        scope=Scope.PRIVACY_WRITE,
        summary="Switch a domain's privacy off",
        description="The same as `PUT` with `enabled` false.",
        handler=delete_privacy,
        replies=_CHANGED,
        problems=("DOMAIN_LOCKED",),
        conditional="write",
    ),
    Route(
        method="POST",
        path=f"{_PATH}/preview",
        tag=Tag.PRIVACY,
        scope=Scope.DOMAINS_READ,
        summary="See what a switch would change",
        description="The exact difference of the published contacts; nothing is changed anywhere.",
        handler=preview_privacy,
        body=PreviewBody,
        replies={200: Reply("The difference", PreviewView)},
    ),
    Route(
        method="GET",
        path=f"{_PATH}/consents",
        tag=Tag.PRIVACY,
        scope=Scope.DOMAINS_READ,
        summary="List what the owner has agreed to",
        description=(
            "Each consent that came with a switch, from you or from the owner on his pages. They are erased "
            "with the holder."
        ),
        handler=list_consents,
        replies={200: Reply("The consents", ConsentsView)},
    ),
    Route(
        method="POST",
        path=f"{_PATH}/addresses/rotate",
        tag=Tag.PRIVACY,
        scope=Scope.PRIVACY_WRITE,
        summary="Publish new relay addresses",
        description="The old addresses take mail through their grace period, then answer 550 5.1.1 for ever.",
        handler=rotate_addresses,
        replies=_CHANGED,
        problems=(*_TLD_PROBLEMS, "DOMAIN_LOCKED"),
    ),
    Route(
        method="POST",
        path=f"{_PATH}/suspend",
        tag=Tag.PRIVACY,
        scope=Scope.PRIVACY_WRITE,
        summary="Freeze switching, as in a dispute",
        handler=suspend_privacy,
        replies=_CHANGED,
        problems=("DOMAIN_LOCKED",),
    ),
    Route(
        method="POST",
        path=f"{_PATH}/resume",
        tag=Tag.PRIVACY,
        scope=Scope.PRIVACY_WRITE,
        summary="Thaw switching",
        handler=resume_privacy,
        replies=_CHANGED,
        problems=("DOMAIN_LOCKED",),
    ),
)
