"""`whoisproxy registry`: look at a registry account, as the operator.

Every command takes a lease on a session like the service does, so that together they never exceed the cap.
What the registry holds of persons is printed for the operator and nowhere else.
"""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from registries.contact import Role
from registries.epp.connector import message_of
from registries.epp.frames import ContactInfo, DomainInfo, PollAck, PollRequest
from registries.epp.frames.session import PollMessage
from registries.epp.session import Session
from registries.errors import RegistryRefused
from whoisproxy.cli.context import ConfigOption, JsonOption, opened
from whoisproxy.cli.output import command, console, harmless, print_json
from whoisproxy.config import ConfigurationError, RegistryAccount, Settings
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.runtime.connectors import session_pool
from whoisproxy.runtime.core import Core
from whoisproxy.services.registry_messages import MessageIntake
from whoisproxy.storage.session_leases import resume as lift_stop

app = typer.Typer(no_args_is_help=True, help="Look at a registry account over EPP.")
AccountArgument = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="Its name in \\[\\[registries]] of the settings.")
]
WireOption = Annotated[
    bool, typer.Option("--wire", help="Show every frame on standard error, passwords masked.")
]


@dataclass(frozen=True, slots=True)
class _Visit:
    """A session for one command."""

    account: RegistryAccount
    session: Session
    core: Core

    async def take(self, message: PollMessage) -> None:
        """Keep a message and act on it, as the service does; only then take it off the registry's queue."""
        core, settings = self.core, self.core.privacy_settings
        facts = settings.accounts[self.account.suffixes[0]]
        intake = MessageIntake(core.storage, settings, core.clock)
        await intake.take(facts, await message_of(self.session, message, self.account.client_id))
        await self.session.send(PollAck(message.message_id))


@asynccontextmanager
async def _visit(
    config: Path | None, name: str, *, wire: bool, new_password: str = ""
) -> AsyncIterator[_Visit]:
    async with opened(config) as core:
        account = _account_of(core.settings, name)
        pool = session_pool(account, core.storage, _show_frame if wire else None, new_password)
        try:
            async with pool.borrow() as session:
                yield _Visit(account, session, core)
        finally:
            await pool.close()


def _account_of(settings: Settings, name: str) -> RegistryAccount:
    known = {account.name: account for account in settings.registries}
    if name not in known:
        there = f"there is {', '.join(known)}" if known else "there is none"
        raise ConfigurationError(f"registries: no account has this name; {there}")
    return known[name]


def _show_frame(direction: Literal["sent", "received"], frame: bytes) -> None:
    text = frame.decode("utf-8", "backslashreplace").strip()
    sys.stderr.write(f"--- {direction}\n{harmless(text)}\n")


def _say(label: str, *values: str) -> None:
    text = " ".join(filter(None, values))
    console.print(f"  {label:12}{harmless(text)}".rstrip(), markup=False, soft_wrap=True)


@app.command("ping")
@command
async def ping(
    account: AccountArgument,
    config: ConfigOption = None,
    *,
    wire: WireOption = False,
    as_json: JsonOption = False,
) -> None:
    """Log in and out again; show what the registry says of itself and how long it takes."""
    async with _visit(config, account, wire=wire) as visit:
        session, opening = visit.session, visit.session.opening
        seconds = {"connect": opening.connect_s, "greeting": opening.greeting_s, "login": opening.login_s}
        for step, work in (("hello", session.hello), ("logout", session.close)):
            started = time.perf_counter()
            await work()
            seconds[step] = time.perf_counter() - started
    greeting, peer = session.greeting, session.peer
    shown = {
        "account": account,
        "host": visit.account.host,
        "port": visit.account.port,
        "server_id": greeting.server_id,
        "versions": greeting.versions,
        "languages": greeting.languages,
        "objects": greeting.object_uris,
        "extensions": greeting.extension_uris,
        "data_model": "maximum" if session.holds_contacts else "minimum",
        "tls_version": peer.tls_version,
        "certificate_ends_at": peer.certificate_ends_at.isoformat(),
        "ms": {step: round(duration * 1e3, 1) for step, duration in seconds.items()},
    }
    print_json(shown) if as_json else _show_ping(shown)


def _show_ping(shown: dict[str, Any]) -> None:
    console.print(f"{shown['account']}  {shown['host']}:{shown['port']}", markup=False)
    _say("server", shown["server_id"])
    for label in ("versions", "languages", "objects", "extensions"):
        for number, value in enumerate(shown[label] or ("none",)):
            _say("" if number else label, value)
    meaning = "holds contacts" if shown["data_model"] == "maximum" else "holds no contacts"
    _say("data model", shown["data_model"], f"({meaning})")
    _say("TLS", shown["tls_version"], "certificate ends", shown["certificate_ends_at"])
    for step, duration in shown["ms"].items():
        _say(step, f"{duration:.1f} ms")


@app.command("info")
@command
async def info(
    account: AccountArgument,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as example.org.")],
    config: ConfigOption = None,
    *,
    wire: WireOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show a domain and its contacts as the registry holds them: persons, for your eyes only."""
    name = DomainName.parse(domain)
    async with _visit(config, account, wire=wire) as visit:
        data = (await visit.session.send(DomainInfo(name.a_label))).data
        handles = dict.fromkeys(handle for role in Role for handle in data.handles(role))
        contacts = {handle: await _contact(visit.session, handle) for handle in handles}
    roles = {str(role): data.handles(role) for role in Role if data.handles(role)}
    shown = {
        "domain": data.name,
        "statuses": data.statuses,
        "nameservers": data.nameservers,
        "registry_id": data.roid,
        "ds": [asdict(ds) for ds in data.delegation.ds] if data.delegation else [],
        "roles": roles,
        "contacts": contacts,
    }
    print_json(shown) if as_json else _show_domain(shown)


async def _contact(session: Session, handle: str) -> dict[str, Any]:
    """Return what the registry holds of a contact, or why it does not show it."""
    try:
        data = (await session.send(ContactInfo(handle))).data
    except RegistryRefused as refusal:
        return {"problem": str(refusal)}
    return {
        "statuses": data.statuses,
        "postal": [asdict(each) for each in data.postal],
        "voice": data.voice,
        "email": data.email,
        "disclose": data.disclose and {"flag": data.disclose.flag, "fields": sorted(data.disclose.fields)},
    }


def _show_domain(shown: dict[str, Any]) -> None:
    console.print(shown["domain"], markup=False)
    _say("statuses", *shown["statuses"])
    _say("servers", *shown["nameservers"])
    _say("ROID", shown["registry_id"])
    for ds in shown["ds"]:
        _say("DS", ds["key_tag"], ds["algorithm"], ds["digest_type"], ds["digest"])
    for role, handles in shown["roles"].items():
        _say(role, *handles)
    for handle, contact in shown["contacts"].items():
        console.print(f"contact {harmless(handle)}", markup=False)
        if "problem" in contact:
            _say("problem", contact["problem"])
        else:
            _show_contact(contact)


def _show_contact(contact: dict[str, Any]) -> None:
    _say("statuses", *contact["statuses"])
    for form in contact["postal"]:
        lines = (form["name"], form["org"], *form["street"], form["pc"], form["city"], form["sp"], form["cc"])
        _say(form["type"], ", ".join(filter(None, lines)))
    _say("phone", contact["voice"])
    _say("e-mail", contact["email"])
    if contact["disclose"]:
        _say(
            "publishes" if contact["disclose"]["flag"] else "withholds",
            ", ".join(contact["disclose"]["fields"]),
        )


@app.command("poll")
@command
async def poll(
    account: AccountArgument,
    config: ConfigOption = None,
    *,
    ack: Annotated[
        bool, typer.Option("--ack", help="Take the message off the queue, once it is kept and acted on.")
    ] = False,
    wire: WireOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the oldest message that waits for us at the registry."""
    async with _visit(config, account, wire=wire) as visit:
        answer = await visit.session.send(PollRequest())
        message, waiting = answer.data, answer.queue.count if answer.queue else 0
        shown = {"waiting": waiting, "message": asdict(message) if message else None}
        print_json(shown) if as_json else _show_message(shown)
        if ack and message:
            sys.stdout.flush()
            await visit.take(message)


def _show_message(shown: dict[str, Any]) -> None:
    if shown["message"] is None:
        console.print("no message is waiting")
        return
    console.print(
        f"message {harmless(shown['message']['message_id'])}, {shown['waiting']} waiting", markup=False
    )
    for label, value in shown["message"].items():
        if label != "message_id" and value is not None and value != "":
            _say(_LABELS.get(label, label), str(value))


_LABELS = {"object_name": "object", "server_transaction": "svTRID"}


@app.command("resume")
@command
async def resume(account: AccountArgument, config: ConfigOption = None) -> None:
    """Let logins be tried again after the registry refused the credentials: one first, then all."""
    async with opened(config) as core:
        _account_of(core.settings, account)
        lifted = await lift_stop(core.storage, account)
    console.print("logins are tried again" if lifted else "logins were not stopped")


@app.command("password")
@command
async def password(
    account: AccountArgument,
    new_file: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="File with the new password and nothing else.")
    ],
    config: ConfigOption = None,
    *,
    wire: WireOption = False,
) -> None:
    """Change the account's password at the registry by one login.

    Where no answer comes, either password may be the right one: `registry ping` tells.
    """
    new_password = new_file.read_text(encoding="utf-8").strip()
    if not new_password:
        raise InvalidInput(str(new_file), "holds no password")
    async with _visit(config, account, wire=wire, new_password=new_password) as visit:
        password_file = visit.account.password_file
    console.print(
        f"The registry has the new password. Now put it into {password_file} and restart the services.",
        markup=False,
        soft_wrap=True,
    )
