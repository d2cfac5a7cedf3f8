"""What stands in the way of a change, by the statuses that the registry shows."""

import pytest

from registries.epp.statuses import RULES, obstacle
from registries.errors import (
    RegistryRefused,
    RegistryUnavailable,
)
from registries.policy import Mechanism
from tests.registries.epp.world import (
    DOMAIN,
    PROXIES,
    SEPARATE,
    World,
    change,
)


@pytest.mark.parametrize("status", RULES)
def test_every_status_in_the_table_says_why_and_when_to_look_again(status: str) -> None:
    error = obstacle("domain", ["ok", status])
    assert isinstance(error, RegistryUnavailable | RegistryRefused)
    assert error.why.startswith("DOMAIN_")
    assert error.look_again_s > 0
    assert error.retry is RULES[status].passes


def test_a_domain_in_redemption_is_not_taken_for_one_that_is_gone() -> None:
    error = obstacle("domain", ["pendingDelete", "redemptionPeriod"])
    assert error is not None
    assert error.why == "DOMAIN_IN_REDEMPTION"
    assert obstacle("domain", ["ok", "clientTransferProhibited", "clientHold"]) is None


async def test_on_hold_nothing_is_changed(world: World) -> None:
    await world.register(DOMAIN, SEPARATE)
    await world.registry.set_statuses(DOMAIN, add=["serverHold"])
    with pytest.raises(RegistryUnavailable) as caught:
        await world.connector.apply(change(Mechanism.SUBSTITUTE, PROXIES))
    assert caught.value.why == "DOMAIN_ON_HOLD"
    assert set(await world.journal()) == {"domain:info", "contact:info"}
