"""The public form, put together on the core."""

from datetime import timedelta

from whoisproxy.domain.contact_form import FormLimits
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.keys import contact_key
from whoisproxy.services.contact.form import ContactForm, ContactTokens
from whoisproxy.services.contact.proof_of_work import ProofOfWork


def contact_form(core: Core) -> ContactForm:
    """Return the form."""
    settings, key = core.settings, contact_key(core.settings)
    keep = timedelta(days=settings.retention.messages_days)
    limits = FormLimits(**settings.contact.model_dump(exclude={"base_url"}))
    tokens = ContactTokens.under(key, keep)
    return ContactForm(
        core.storage, core.queue, ProofOfWork(key), tokens, limits, settings.relay.domain, keep, core.clock
    )
