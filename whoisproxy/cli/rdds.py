"""`whoisproxy rdds`: what the public sees of a domain, in RDAP and WHOIS."""

import re
from pathlib import Path
from typing import Annotated

import idna
import typer

from registries.lookup.document import Document
from registries.lookup.evidence import Evidence
from registries.lookup.fetching import MOST_OCTETS, decoded
from registries.lookup.verdict import Expectation, Verdict, judge
from whoisproxy.cli.context import ConfigOption
from whoisproxy.cli.holder_file import read_holder
from whoisproxy.cli.mail_files import content_of
from whoisproxy.cli.output import Exit, command, print_json, stop
from whoisproxy.cli.rdds_look import look_at_held, look_at_other
from whoisproxy.cli.rdds_views import View, as_plain, finding_view, show
from whoisproxy.domain.names import DomainName

app = typer.Typer(no_args_is_help=True, help="What the public sees of a domain in RDAP and WHOIS.")

_CODES = {Verdict.CLEAN: Exit.DONE, Verdict.LEAK: Exit.REFUSED, Verdict.UNKNOWN: Exit.LATER}
_WHOSE = "JSON with the data to look for: name, organization, email, phone, street, city, postal_code."
_BADNESS = (Exit.DONE, Exit.LATER, Exit.REFUSED)


@app.command("look")
@command
async def look(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as example.org.")],
    registrant: Annotated[
        Path | None, typer.Option(help=f"{_WHOSE} Needed where we do not hold the domain.")
    ] = None,
    rdap: Annotated[str, typer.Option(help="Base URL of an RDAP server to ask.")] = "",
    whois: Annotated[str, typer.Option(help="WHOIS server to ask, as host or host:port.")] = "",
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")] = False,
) -> None:
    """Ask RDAP and WHOIS now, and show both answers side by side, the registrant's traces highlighted.

    Our own servers and the registry's are asked, or those that are named. Ends with 0 where all is clean, 3
    where a trace was found, 4 where nothing can be said.
    """
    name = DomainName.parse(domain)
    if registrant is None:
        views = await look_at_held(config, name, rdap, whois)
    else:
        views = await look_at_other(config, name, read_holder(registrant), rdap, whois)
    if as_json:
        print_json(as_plain(name, views))
    else:
        show(name, views)
    raise typer.Exit(_worst(views))


@app.command("scan")
@command
async def scan(
    file: Annotated[str, typer.Argument(help="A saved answer, WHOIS or RDAP; - reads standard input.")],
    registrant: Annotated[Path, typer.Option(help=_WHOSE)],
    domain: Annotated[
        str | None, typer.Option(help="Of which domain it is; otherwise the answer says it.")
    ] = None,
) -> None:
    """Judge a saved answer offline and print JSON: {verdict, hits: [{field, form, line}], doubt, domain}.

    Ends with 0 where it is clean, 3 where a trace was found, 4 where nothing can be said, since it is not
    about a registered domain or was cut off.
    """
    holder, *more = read_holder(registrant)
    document = _saved(file)
    about = DomainName.parse(domain).a_label if domain else domain_of(document)
    finding = judge(document, Expectation(about, Evidence(holder, more=more)))
    print_json(finding_view(finding) | {"domain": about or None})
    raise typer.Exit(_CODES[finding.verdict])


def _saved(file: str) -> Document:
    try:
        octets = content_of(file)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a file name"
        stop(f"{file}: {reason}", Exit.FAILED)
    text = decoded(octets[:MOST_OCTETS]).removeprefix("\ufeff")
    source = "rdap" if text.lstrip()[:1] in {"{", "["} else "whois"
    return Document(source, text, whole=len(octets) <= MOST_OCTETS)


# Labels under which WHOIS servers name the domain, on the line or on the next.
_NAMED = re.compile(
    r"^[^\w\n]{0,10}(?:(?:\w[\w.]*[ \t]+)?domain[ \t_-]?(?:name)?|query|(?:nombre|nome) de dom[a-z]{1,8})"
    r"[^\w\n]{0,40}(?:\r?\n\s{0,40})?((?:[\w-]{1,63}\.)+[\w-]{2,63})",
    re.IGNORECASE | re.MULTILINE,
)


def domain_of(document: Document) -> str:
    """Return the A-label of the domain that an answer is about, "" where it does not say."""
    parsed = document.parsed
    named = parsed.get("ldhName") or parsed.get("unicodeName") if isinstance(parsed, dict) else None
    if document.source == "whois" and (match := _NAMED.search(document.raw)):
        named = match[1]
    # Also a name that could not be registered here: a public suffix, or what is below one.
    try:
        return idna.encode(str(named).rstrip("."), uts46=True).decode() if named else ""
    except (idna.IDNAError, UnicodeError):
        return ""


def _worst(views: list[View]) -> Exit:
    found = [each.finding.verdict for each in views] or [Verdict.UNKNOWN]
    return max(map(_CODES.__getitem__, found), key=_BADNESS.index)
