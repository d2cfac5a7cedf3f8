"""Many messages at once to servers that fail at random: what we say of each is what happened to it."""

import asyncio
import random
from collections import Counter

import pytest

from mailrelay.delivery.client import Accepted
from mailrelay.delivery.pool import PoolLimits
from mailrelay.delivery.refusals import OutcomeUnknown
from mailrelay.errors import MailError
from tests.mailrelay.delivery.scripted_server import DROP, ScriptedServer
from tests.mailrelay.delivery.sending import Sending, make_sending

_MESSAGES = 150
_LOST = "250 2.0.0 taken, and gone"
_FAULTS = {
    "EHLO": [DROP, "421 4.3.2 no", "502 5.5.1 what", "550 5.7.1 no"],
    "MAIL": [DROP, "421 4.3.2 no", "451 4.3.0 later", "550 5.7.1 no", "nonsense", "250-a\r\n250 b"],
    "RCPT": [DROP, "421 4.3.2 no", "450 4.2.1 later", "550 5.1.1 no", "552 5.2.2 full"],
    "DATA": [DROP, "421 4.3.2 no", "451 4.3.0 later", "554 5.5.1 no", "250 sure"],
    "END": [DROP, _LOST, "421 4.3.2 no", "451 4.3.0 later", "554 5.6.0 no", "250 ok\r\n421 4.3.2 bye"],
    "RSET": [DROP, "421 4.3.2 no", "500 5.5.1 what"],
}


class FlakyServer(ScriptedServer):
    """Fails in a quarter of all sessions' commands."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def _answer(self, verb: str) -> str:
        if verb in _FAULTS and self._chance.random() < 0.25:
            return self._chance.choice(_FAULTS[verb])
        return super()._answer(verb)

    async def _say(self, writer: asyncio.StreamWriter, answer: str) -> bool:
        return await super()._say(writer, DROP if answer == _LOST else answer)


async def _outcome(sending: Sending, ports: tuple[int, int], number: int) -> str:
    raw = b"Subject: %d\r\n\r\nbody\r\n" % number
    try:
        accepted = await sending.send(*ports, raw=raw)
    except OutcomeUnknown:
        return "unknown"
    except MailError:
        return "failed"
    assert isinstance(accepted, Accepted)
    return "taken"


@pytest.mark.parametrize("seed", range(6))
async def test_what_we_say_of_a_message_is_what_happened_to_it(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same storm each time
    sending = make_sending(command_s=60, limits=PoolLimits(per_server=7, messages=9, wait_s=60))
    async with FlakyServer(chance) as one, FlakyServer(chance) as other:
        ports = (one.port, other.port)

        outcomes = await asyncio.gather(*(_outcome(sending, ports, number) for number in range(_MESSAGES)))
        await sending.client.close()

        arrived = Counter([*one.messages, *other.messages])
        times = [arrived[b"Subject: %d\r\n\r\nbody\r\n" % number] for number in range(_MESSAGES)]
        allowed = {"taken": {1}, "failed": {0}, "unknown": {0, 1}}
        assert [
            (number, outcome, times[number])
            for number, outcome in enumerate(outcomes)
            if times[number] not in allowed[outcome]
        ] == []
        assert len(sending.taken) == outcomes.count("taken")
        assert set(outcomes) == set(allowed)
        assert sending.pool._places == {}
