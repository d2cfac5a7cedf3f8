"""What stands in the paths of pages for names in braces, and how it is made for the owners of a scene.

A name that begins with `new_` is used up by whoever opens it, and made anew each time; the others are made
once for a scene.
"""

import re
from collections.abc import Awaitable, Callable

from tests.browser.letters import answer_that_waits, delivered, header, held_in_queue
from tests.browser.people import link_from_panel
from tests.browser.scene import MALWARE, OFFER, Scene
from tests.journeys.journey import Journey
from whoisproxy.domain.names import DomainName
from whoisproxy.runtime.mail.keys import links

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


PLACES: dict[str, Make] = {
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
