"""What the pages for owners and the letters that lead to them work with, from their parts."""

from datetime import timedelta

from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.runtime.contact_form import contact_form
from whoisproxy.runtime.contact_pages import contact_pages
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.keys import links
from whoisproxy.runtime.mail.sending import preparation_of
from whoisproxy.services.contact.desk import ContactDesk
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.owners.answers import OwnerAnswers
from whoisproxy.services.owners.letters import OwnerLetters
from whoisproxy.services.quarantine_digests import DigestSender
from whoisproxy.services.relay_directory import RelayDirectory


def portal_dependencies(core: Core) -> PortalDependencies:
    """Return what the pages work with."""
    settings, relay_domain = core.settings, core.settings.relay.domain
    health = MailboxHealth(core.storage, core.clock)
    directory = RelayDirectory(core.storage, relay_domain, core.clock, health)
    preparation = preparation_of(core, directory)
    return PortalDependencies(
        appearances=core.appearances,
        answers=OwnerAnswers(directory, core.queue, preparation, relay_domain, core.clock),
        correspondence=core.correspondence,
        mail_settings=core.mail_settings,
        mailboxes=core.mailboxes,
        quarantine=core.quarantine,
        decisions=core.decisions,
        entry=core.entry,
        contact=contact_desk(core),
        owner_domains=core.owner_domains,
        owner_switching=core.owner_switching,
        mail=core.owner_mail,
        own_data=core.own_data,
        links=links(settings),
        relay_domain=relay_domain,
        base_url=settings.portal.base_url,
        requests_per_minute=settings.portal.requests_per_minute,
        clock=core.clock,
    )


def contact_desk(core: Core) -> ContactDesk:
    """Return what the public pages work with."""
    settings = core.settings
    return ContactDesk(
        form=contact_form(core),
        pages=contact_pages(settings),
        brand=core.privacy_settings.brand,
        relay_domain=settings.relay.domain,
        rdap_url=settings.rdap.base_url.rstrip("/"),
    )


def owner_letters(core: Core) -> OwnerLetters:
    """Return who writes to owners about their accounts."""
    return OwnerLetters(core.storage, core.queue, core.settings.relay.domain, core.appearances, core.clock)


def digest_sender(core: Core) -> DigestSender:
    """Return who writes to owners about held mail."""
    return DigestSender(
        storage=core.storage,
        queue=core.queue,
        quarantine=core.quarantine,
        links=links(core.settings),
        relay_domain=core.settings.relay.domain,
        clock=core.clock,
        keep=timedelta(days=core.settings.retention.quarantine_days),
    )
