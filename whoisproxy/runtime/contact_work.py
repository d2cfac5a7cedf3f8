"""What works on submissions of the public form, put together on the core."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from mailrelay.submission import Submissions
from whoisproxy.runtime.contact_form import contact_form
from whoisproxy.runtime.contact_pages import contact_pages
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.checks import chains_of
from whoisproxy.runtime.mail.engines import open_engines
from whoisproxy.runtime.mail.learning import following
from whoisproxy.runtime.mail.names import resolver_of
from whoisproxy.runtime.mail.similar_texts import similar_texts
from whoisproxy.services.contact.form import LETTER, RELAY
from whoisproxy.services.contact.work import ContactLetters, ContactRelay
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.outbox_worker import Handler
from whoisproxy.services.relay_directory import RelayDirectory


@asynccontextmanager
async def contact_handlers(core: Core) -> AsyncIterator[Mapping[str, Handler]]:
    """Give what works on submissions, by kind of work.

    Messages are judged as mail is, with engines and texts of their own: what takes mail may run elsewhere.

    Raises:
        ConfigurationError: What judges messages cannot be set up.
    """
    settings, storage, queue, clock = core.settings, core.storage, core.queue, core.clock
    domain, form, pages = settings.relay.domain, contact_form(core), contact_pages(settings)
    letters = ContactLetters(storage, queue, form, pages, domain, clock)
    async with (
        open_engines(settings, clock) as engines,
        similar_texts(core) as texts,
        following(core),
    ):
        chains = chains_of(core, resolver_of(settings), engines, texts)
        directory = RelayDirectory(storage, domain, clock, MailboxHealth(storage, clock))
        submissions = Submissions(chains.message, directory, queue, settings.smtp.hostname)
        yield {LETTER: letters, RELAY: ContactRelay(storage, queue, submissions, clock)}
