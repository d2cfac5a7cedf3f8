"""The counters of TLS reporting (RFC 8460): from a mail process to the disk, and who reports them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from mailrelay.delivery.tls_counts import TlsCounts
from mailrelay.delivery.tls_report import Reporter, TlsReports
from whoisproxy.config import Settings
from whoisproxy.runtime.core import Core, queue_site
from whoisproxy.runtime.mail.cipher import MailCipher

_log = structlog.get_logger()
_EVERY_S = 60.0


def tls_counts(core: Core) -> TlsCounts:
    """Return where the counters of this machine are: beside the files of the mail queue."""
    stem = queue_site(core.settings, core.storage).stem
    return TlsCounts(stem.with_name(f"{stem.name}-tls"), MailCipher(core.storage))


def reporter_of(settings: Settings) -> Reporter:
    """Return who reports."""
    contact = settings.relay.operator_mailbox or f"postmaster@{settings.relay.domain}"
    return Reporter(settings.brand.name, contact, settings.smtp.hostname)


@asynccontextmanager
async def counted(core: Core) -> AsyncIterator[TlsReports]:
    """Give the counters of this process; they are kept each minute, and at the end."""
    reports, kept = TlsReports(core.clock), tls_counts(core)
    keeping = asyncio.create_task(_keep_each_minute(reports, kept))
    try:
        yield reports
    finally:
        keeping.cancel()
        await _keep(reports, kept)


async def _keep_each_minute(reports: TlsReports, kept: TlsCounts) -> None:
    while True:
        await asyncio.sleep(_EVERY_S)
        await _keep(reports, kept)


async def _keep(reports: TlsReports, kept: TlsCounts) -> None:
    try:
        for day, counts in reports.take().items():
            await kept.add(day, counts)
    except Exception as error:  # noqa: BLE001 - mail goes on, whatever becomes of statistics
        _log.warning("tls-counts-not-kept", error=type(error).__name__)
