"""What stands in the paths of pages for names in braces, and how it is made for the owners of a scene.

A name that begins with `new_` is used up by whoever opens it, and made anew each time; the others are made
once for a scene.
"""

import re
from collections.abc import Awaitable, Callable

from registries.lookup.verdict import Verdict
from tests.browser.letters import answer_that_waits, delivered, header, held_in_queue
from tests.browser.people import in_office, link_from_panel, text_of
from tests.browser.scene import MALWARE, OFFER, Scene
from tests.journeys.journey import Journey
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.publication_watch import Place
from whoisproxy.domain.registration import Registration
from whoisproxy.runtime.mail.keys import links
from whoisproxy.storage.repositories.publication_history import Exhibit

Make = Callable[[Scene], Awaitable[str]]
_NAME = re.compile(r"{(\w+)}")


async def path_in(scene: Scene, template: str) -> str:
    """Return a path with everything in it that its template names."""
    path = template
    for name in _NAME.findall(template):
        if name not in scene.places or name.startswith("new_"):
            scene.places[name] = await PLACES[name](scene)
        path = path.replace(f"{{{name}}}", scene.places[name])
    return path


async def _new_link(scene: Scene) -> str:
    return _last(await link_from_panel(scene.plain))


async def _new_held(scene: Scene) -> str:
    return token_of_held(scene.plain, await held_in_queue(scene.plain, "An offer", *OFFER))


async def _held_once(scene: Scene) -> str:
    return token_of_held(scene.plain, await held_in_queue(scene.plain, "Would you sell it?", *OFFER))


async def _malware(scene: Scene) -> str:
    return token_of_held(scene.plain, await held_in_queue(scene.plain, "Your invoice", *MALWARE))


async def _answer(scene: Scene) -> str:
    return _last(header(await delivered(scene.plain), "X-Whoisproxy-Answer"))


async def _stop(scene: Scene) -> str:
    return _last(header(await delivered(scene.plain), "List-Unsubscribe"))


async def _new_stop(scene: Scene) -> str:
    owner = await scene.site.owner("org", scene.language)
    await owner.switched(on=True)
    return _last(header(await delivered(owner), "List-Unsubscribe"))


async def _confirm(scene: Scene) -> str:
    return _last(await answer_that_waits(scene.plain))


async def _quarantine(scene: Scene) -> str:
    return await quarantine_token(scene.plain)


async def _digest(scene: Scene) -> str:
    core = scene.plain.world.service.core
    return _last(links(core.settings).digest(await _quarantine_of(scene.plain), core.clock()))


async def quarantine_token(owner: Journey) -> str:
    """Return by what an owner sees all that is held for him."""
    core = owner.world.service.core
    return _last(links(core.settings).quarantine(await _quarantine_of(owner), core.clock()))


def token_of_held(owner: Journey, message_id: str) -> str:
    """Return by what an owner sees one message that is held for him."""
    core = owner.world.service.core
    return _last(links(core.settings).held(message_id, core.clock()))


async def _quarantine_of(owner: Journey) -> str:
    core = owner.world.service.core
    async with core.storage.reading() as uow:
        registration = await uow.registrations.by_name(DomainName(owner.domain))
    assert registration is not None
    return (await core.quarantine.of_registration(registration)).id


def _last(link: str) -> str:
    return link.rpartition("/")[2]


async def _domain(scene: Scene) -> str:
    return scene.plain.domain


async def _open(scene: Scene) -> str:
    """A domain without privacy."""
    return scene.secured.domain


async def _operation(scene: Scene) -> str:
    """What switched privacy on, and is done."""
    return (await _registration_and_operation(scene.plain))[1]


async def _registrant(scene: Scene) -> str:
    return (await _registration_and_operation(scene.plain))[0].registrant_id


async def _registration_and_operation(owner: Journey) -> tuple[Registration, str]:
    async with owner.world.service.core.storage.reading() as uow:
        registration = await uow.registrations.by_name(DomainName(owner.domain))
        assert registration is not None
        operation = await uow.operations.last_of_domain(registration.id)
    return registration, operation.id if operation else ""


async def _exhibit(scene: Scene) -> str:
    """A public directory has shown the owner."""
    core, (registration, _) = scene.plain.world.service.core, await _registration_and_operation(scene.plain)
    now, answer = core.clock(), "Registrant Name: Zoë Müller-Lefèvre\nRegistrant Country: CH\n" * 20
    where = "https://rdap.registry.example/domain/" + scene.plain.domain
    kept = Exhibit(new_id("pev", now), Place.REGISTRY, "rdap", where, Verdict.LEAK, now, now, answer)
    async with core.storage.unit_of_work() as uow:
        await uow.publication_history.keep(registration.id, registration.registrant_id, [kept])
    return kept.id


async def _message(scene: Scene) -> str:
    """A letter that was delivered."""
    await delivered(scene.plain)
    found = [one for one in await scene.plain.messages() if one["state"] == "delivered"]
    return str(found[0]["id"])


async def _held_message(scene: Scene) -> str:
    return await held_in_queue(scene.plain, "Would you sell it?", *OFFER)


async def _malware_message(scene: Scene) -> str:
    return await held_in_queue(scene.plain, "Your invoice", *MALWARE)


async def _confirm_mailbox(scene: Scene) -> str:
    """The link in the letter to a second mailbox."""
    owner, mailbox = scene.plain, f"office-{scene.plain.owner}"
    core = owner.world.service.core
    await core.mailboxes.add(await in_office(owner), mailbox)
    return await _token_in_letter(owner, mailbox, "/mailboxes/confirm/")


async def _contact_confirm(scene: Scene) -> str:
    """The link in the letter to whoever has used the form."""
    owner = scene.plain
    mailbox = f"ada-{len(owner.world.sink.messages)}@offers.example"
    fields = {
        "name": "Ada Buyer",
        "mailbox": mailbox,
        "kind": "buy",
        "message": "Is it for sale?",
        "work": "",
    }
    url = f"http://127.0.0.1:{owner.world.service.ports['portal']}/contact/{owner.domain}"
    async with owner.world.http.post(url, data=fields) as answer:
        assert answer.status == 200, await answer.text()
    return await _token_in_letter(owner, mailbox, "/contact/confirm/")


async def _contact_status(scene: Scene) -> str:
    """What the page of a confirmed message leads to."""
    world, token = scene.plain.world, await _contact_confirm(scene)
    url = f"http://127.0.0.1:{world.service.ports['portal']}/contact/confirm/{token}"
    async with world.http.post(url) as answer:
        found = re.search(r"/contact/status/([^\"\s<]+)", await answer.text() + str(answer.url))
    assert found is not None
    return found[1]


async def _token_in_letter(owner: Journey, mailbox: str, path: str) -> str:
    pattern = re.compile(re.escape(path) + r"(\S+)")
    [letter, *_] = await owner.world.sink.wait_for(
        1, matching=lambda one: mailbox in one.recipients and bool(pattern.search(text_of(one)))
    )
    found = pattern.search(text_of(letter))
    assert found is not None
    return found[1].rstrip(">")


PLACES: dict[str, Make] = {
    "domain": _domain,
    "open": _open,
    "operation": _operation,
    "registrant": _registrant,
    "exhibit": _exhibit,
    "message": _message,
    "held_message": _held_message,
    "new_held_message": _held_message,
    "malware_message": _malware_message,
    "confirm_mailbox": _confirm_mailbox,
    "contact_confirm": _contact_confirm,
    "new_contact_confirm": _contact_confirm,
    "contact_status": _contact_status,
    "new_link": _new_link,
    "answer": _answer,
    "stop": _stop,
    "new_stop": _new_stop,
    "confirm": _confirm,
    "held": _held_once,
    "new_held": _new_held,
    "malware": _malware,
    "quarantine": _quarantine,
    "digest": _digest,
}
