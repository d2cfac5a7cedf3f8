"""`whoisproxy tls-report`: how encryption with other mail servers went on a day (RFC 8460)."""

from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from mailrelay.delivery.tls_report import Counts
from whoisproxy.cli.context import ConfigOption, opened
from whoisproxy.cli.output import command, print_json
from whoisproxy.runtime.mail.tls_reports import reporter_of, tls_counts


@command
async def tls_report(
    config: ConfigOption = None,
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="UTC; of the last seven (default: yesterday)."),
    ] = None,
    domain: Annotated[str, typer.Option(help="Only the report for this mail domain.")] = "",
) -> None:
    """Write the TLS reports of a day in JSON: one for each domain to which this machine has sent mail."""
    async with opened(config) as core:
        chosen = day.date() if day else _yesterday(core.clock())
        counts = await tls_counts(core).of_day(chosen)
        asked = {names: count for names, count in counts.items() if domain in {"", names[0]}}
        print_json(reporter_of(core.settings).reports(chosen, Counts(asked)))


def _yesterday(now: datetime) -> date:
    return now.date() - timedelta(days=1)
