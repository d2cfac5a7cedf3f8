"""Switching by owners over a world, for the tests of the service and of its pages."""

from tests.whoisproxy.services.world import REGISTRANT, World
from whoisproxy.domain.sign_in import Visit
from whoisproxy.services.owners.operation_feed import OperationFeed
from whoisproxy.services.owners.passwords import Passwords
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.owners.sign_in import SignIn
from whoisproxy.services.owners.switching import OwnerSwitching

PLACE = Visit("192.0.2.0/24", "Firefox, Linux")


def switching_over(world: World, look_every_s: float = 0.05) -> OwnerSwitching:
    """Return the use cases of owners over a world."""
    return OwnerSwitching(
        world.storage,
        OwnerSessions(world.storage, world.clock),
        world.privacy._catalogue,
        world.lookup,
        OperationFeed(world.storage, world.operations, look_every_s),
        world.privacy._settings,
        world.clock,
    )


async def owner_of(world: World, mailbox: str = REGISTRANT.email) -> FoundSession:
    """Return the session of the owner of the domains whose registrants have a mailbox."""
    sessions, passwords = OwnerSessions(world.storage, world.clock), Passwords()
    sign_in = SignIn(world.storage, sessions, passwords, world.clock)
    registrations = await world.registrations.page(world.registrar, "", 500)
    his = next(one for one in registrations if one.registrant.email == mailbox)
    link = await sign_in.registrar_link(world.registrar, his.registrant_id)
    entered = await sign_in.by_link(link.token, PLACE)
    assert entered is not None
    found = await sessions.find(entered.secret)
    passwords.close()
    assert found is not None
    return found
