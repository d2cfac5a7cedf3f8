"""The main job, told in eight acts; each promise is checked against what was seen on the wire."""

from whoisproxy.demo.mail_acts import answer, letter, spam
from whoisproxy.demo.portal_acts import form, pages
from whoisproxy.demo.privacy_acts import published_address, register, switch_off, switch_on
from whoisproxy.demo.stage import Stage
from whoisproxy.demo.world import World


async def tell(stage: Stage, world: World) -> None:
    """Tell the whole story.

    Raises:
        StepFailed: A promise was not kept; it names the step.
    """
    await register(stage, world)
    await switch_on(stage, world)
    relay_address = await published_address(stage, world)
    received = await letter(stage, world, relay_address)
    await answer(stage, world, relay_address, received)
    await spam(stage, world, relay_address)
    await form(stage, world)
    await pages(stage, world)
    await switch_off(stage, world, relay_address)
