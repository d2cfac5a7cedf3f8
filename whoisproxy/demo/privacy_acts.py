"""Acts 1, 2 and 8: domains are registered, their holder is hidden, and shown again."""

import asyncio
import json

from whois.parser import WhoisEntry

from registries.policy import Mechanism
from whoisproxy.demo.cast import ALLOWED, BUYER, DOMAINS, OFFER, REGISTRANT, TRACES, Part, traces_in
from whoisproxy.demo.mail_actors import Letter, send, whois
from whoisproxy.demo.stage import Stage
from whoisproxy.demo.world import GRACE_S, World
from whoisproxy.domain.registrant import Registrant
from whoisproxy.services.identities import registrant_contact

CONSENT = {"by": "account 4711, panel", "at": "2026-11-24T09:00:00Z", "text_version": "2026-01"}
_THIN = (Mechanism.RDDS_ONLY,)
_SHOWN = (
    "Registrant Name",
    "Registrant Organization",
    "Registrant Street",
    "Registrant Phone",
    "Registrant Email",
)


async def register(stage: Stage, world: World) -> None:
    """Act 1: the registrar registers a domain under a TLD of each mechanism."""
    stage.act(1, "A registrar registers five domains; the world sees their holder")
    holder = registrant_contact(Registrant.parse(REGISTRANT))
    rows = []
    for part in DOMAINS:
        await world.registry_client.register(part.domain, None if part.mechanism in _THIN else holder)
        reply = await world.backend.call("PUT", f"/v1/domains/{part.domain}", _domain())
        stage.check(f"PUT /v1/domains/{part.domain} answers 201", reply.status == 201, str(reply.status))
        policy = (await world.backend.call("GET", f"/v1/tlds/{part.domain.rpartition('.')[2]}")).body
        rows.append((part.domain, policy["mechanism"], policy["explanation"]))
        stage.check(
            f"its mechanism is {part.mechanism}", policy["mechanism"] == part.mechanism, policy["mechanism"]
        )
    stage.table(("domain", "mechanism", "the rule of its TLD"), rows)
    for part in DOMAINS:
        await _shown(stage, world, part)
    await _show_whois(stage, world, DOMAINS[0].domain)


async def switch_on(stage: Stage, world: World) -> None:
    """Act 2: privacy goes on; the TLD that prohibits it is refused with reason and source."""
    stage.act(2, "Privacy on: what the registry is told, and what the world sees now")
    await _refusal(stage, world, next(part for part in DOMAINS if part.mechanism == Mechanism.NONE))
    for part in ALLOWED:
        await _switched(stage, world, part, enabled=True)
        await _hidden_everywhere(stage, world, part)
    stage.say("The same question to WHOIS as before:")
    await _show_whois(stage, world, ALLOWED[0].domain)


async def switch_off(stage: Stage, world: World, relay_address: str) -> None:
    """Act 8: privacy goes off; the relay address lives through its grace period, then is gone."""
    stage.act(8, "Privacy off: the holder's own data are back, the address fades out")
    for part in ALLOWED:
        await _switched(stage, world, part, enabled=False)
        await _shown(stage, world, part)
    first = ALLOWED[0].domain
    frames = await world.registry_client.contact_frames(first)
    stage.check(
        f"contact:info of {first} holds the registrant again",
        all(str(REGISTRANT["name"]) in frame.decode() for frame in frames.values()),
    )
    late = Letter(BUYER, relay_address, "One more question", OFFER).raw()
    sender = world.senders["offers.example"]
    during = await send(world.smtp_port, "ada@offers.example", relay_address, sender.sign(late))
    stage.wire("a letter within the grace period", [f"RCPT {relay_address}", f"<- {during}"])
    stage.check("the withdrawn address still takes mail", during.code == 250, str(during))
    stage.say(f"The demonstration's grace period is {GRACE_S} seconds; the default is 30 days.")
    await asyncio.sleep(GRACE_S)
    after = await send(world.smtp_port, "ada@offers.example", relay_address, sender.sign(late))
    stage.wire("the same letter afterwards", [f"RCPT {relay_address}", f"<- {after}"])
    stage.check("then it answers 550 5.1.1", after.code == 550 and after.text.startswith("5.1.1"), str(after))


async def published_address(stage: Stage, world: World) -> str:
    """Return the relay address that WHOIS publishes for the first domain."""
    domain = ALLOWED[0].domain
    text = (await whois(world.service.ports["whois"], domain)).decode()
    line = next(line for line in text.splitlines() if line.startswith("Registrant Email"))
    address = line.partition(": ")[2]
    emails = WhoisEntry.load(domain, text)["emails"]
    stage.check(f"python-whois finds {address} in the answer", address in emails)
    return address


async def _refusal(stage: Stage, world: World, part: Part) -> None:
    reply = await world.backend.call("PUT", f"/v1/domains/{part.domain}/privacy", _wish(enabled=True))
    problem = reply.body
    stage.say(f"{part.domain} first: its registry prohibits privacy services.")
    stage.wire(
        f"PUT /v1/domains/{part.domain}/privacy -> {reply.status}",
        [f'"{key}": {json.dumps(problem.get(key))}' for key in ("code", "detail", "source", "retry")],
    )
    refused = reply.status == 422 and problem["code"] == "TLD_PROHIBITED" and bool(problem["source"])
    stage.check("it is refused with the reason and the source of the rule", refused)


async def _switched(stage: Stage, world: World, part: Part, *, enabled: bool) -> None:
    """Switch one domain and wait until its operation is done."""
    began, _ = await world.epp_seen(0)
    reply = await world.backend.call("PUT", f"/v1/domains/{part.domain}/privacy", _wish(enabled=enabled))
    operation = (reply.body or {}).get("operation")
    if reply.status != 202 or not operation:
        stage.fail(f"switching {part.domain} answered {reply.status} {(reply.body or {}).get('code', '')}")
    finished = await world.backend.finished(operation["id"])
    _, commands = await world.epp_seen(began)
    stage.say(f"{part.domain} ({part.mechanism})")
    stage.wire(
        f"PUT …/privacy enabled={str(enabled).lower()} -> 202",
        [
            f"operation        {operation['state']} -> {finished['state']}",
            f"at the registry  {commands or 'nothing: our own RDAP and WHOIS publish the proxy'}",
        ],
    )
    stage.check("the operation is done", finished["state"] == "done", finished.get("problem", ""))


async def _hidden_everywhere(stage: Stage, world: World, part: Part) -> None:
    """Check what the world sees; and, where the holder's contact stays, what the registry was told of it."""
    public = list(await _published(world, part.domain))
    entry = await world.registry.published(part.domain)
    if entry is not None:
        public.append(entry.text())
    held = [frame.decode() for frame in (await world.registry_client.contact_frames(part.domain)).values()]
    where = "WHOIS, RDAP and the registry's directory"
    if part.mechanism == Mechanism.SUBSTITUTE:
        where, public = f"{where}, contact:info too", public + held
    elif part.mechanism == Mechanism.RELAY_EMAIL:
        mailbox = f"<contact:email>{REGISTRANT['email']}"
        stage.check(
            "contact:info has the relay address for e-mail", all(mailbox not in frame for frame in held)
        )
    elif part.mechanism == Mechanism.REGISTRY_FLAG:
        hidden = all('<contact:disclose flag="0">' in frame for frame in held)
        stage.check("contact:info says that the registry discloses nothing", hidden)
    found = traces_in(*public)
    stage.check(
        f"{where}: {len(TRACES)} traces of the registrant sought, none found", not found, ", ".join(found)
    )


async def _shown(stage: Stage, world: World, part: Part) -> None:
    """Check that the holder can be seen, as far as his registry shows holders."""
    seen = await _published(world, part.domain)
    stage.check(
        f"WHOIS and RDAP of {part.domain} show the registrant's {' and '.join(part.shown)}",
        all(str(REGISTRANT[field]) in answer for answer in seen for field in part.shown),
    )


async def _published(world: World, domain: str) -> tuple[str, str]:
    """Return the raw answers of WHOIS and RDAP."""
    port = world.service.ports["rdap"]
    async with world.http.get(f"http://127.0.0.1:{port}/domain/{domain}") as response:
        rdap = await response.text()
    return (await whois(world.service.ports["whois"], domain)).decode(), rdap


async def _show_whois(stage: Stage, world: World, domain: str) -> None:
    text, _ = await _published(world, domain)
    lines = [line for line in text.splitlines() if line.startswith(_SHOWN)]
    stage.wire(f"whois {domain}", lines, marked=[str(REGISTRANT["name"]), str(REGISTRANT["email"])])


def _domain() -> dict[str, object]:
    return {
        "registrant": REGISTRANT,
        "registrant_verified": True,
        "nameservers": ["ns1.hosting.example", "ns2.hosting.example"],
    }


def _wish(*, enabled: bool) -> dict[str, object]:
    return {"enabled": enabled, "consent": CONSENT} if enabled else {"enabled": enabled}
