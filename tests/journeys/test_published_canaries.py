"""A hidden registrant never shows: in no state, at no moment of a change, in no octet of an answer.

Registrants are full of canaries; both servers are asked without a pause, in every view and coding, while
privacy is switched, addresses rotate, data are corrected, the registry refuses or loses what it is told, and
the domain is given up.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.journeys.journey import CONSENT
from tests.journeys.publicity import FORMS, Public, Watch, traces
from tests.whoisproxy.domain.test_registrant import PEOPLE, shaped
from whoisproxy.demo.world import World, loopback_world
from whoisproxy.domain.registrant import COUNTRY_CODES, Registrant
from whoisproxy.services.identities import registrant_contact

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

TLDS = ("com", "org", "eu", "ca")  # a mechanism each
STEPS = ("on", "off", "rotate", "correct", "lose-on", "lose-off", "refuse-on", "refuse-off")
_UNLIMITED = {
    f"WHOISPROXY_{listener}__REQUESTS_PER_MINUTE": "1000000" for listener in ("API", "RDAP", "WHOIS")
}
_NUMBERS = count(1)

# No vowels: no word that anybody writes by chance.
_TOKENS = st.text("bcdfghjklmnpqrstvwxz", min_size=12, max_size=16)
_LETTERS = st.text("äöüéñßçøåłžšβδжщюя東京都한글abz", min_size=1, max_size=12)


@st.composite
def registrants(draw: st.DrawFn) -> tuple[dict[str, object], list[str]]:
    """A registrant, and the canaries in every field of his."""
    tokens = draw(st.lists(_TOKENS, min_size=7, max_size=7, unique=True))
    digits = draw(st.text("0123456789", min_size=7, max_size=7))
    name, organization, local_part, street, floor, city, code = tokens
    person: dict[str, object] = {
        "name": f"{draw(_LETTERS)} {name.title()}",
        "organization": draw(st.sampled_from(["", f"{organization.title()} {draw(_LETTERS)}"])),
        "email": f"{local_part}@home.example",
        "phone": f"+4132{digits}",
        "street": [f"{draw(_LETTERS)} {street}", f"{floor} {draw(_LETTERS)}"],
        "city": f"{city.upper()}",
        "region": draw(st.sampled_from(["", code[:12]])),
        "postal_code": code[:12],
        "country_code": "CH",
        "language": "de",
    }
    return person, [name, organization, local_part, street, floor, city, code[:12], f"32{digits}"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Everybody, and a service that answers as often as it is asked."""
    folder = tmp_path_factory.mktemp("canaries")
    async with loopback_world(folder, environment=_UNLIMITED) as started:
        yield started


class Life:
    """The life of one domain, watched from outside."""

    def __init__(self, world: World, tld: str, person: dict[str, object], canaries: list[str]) -> None:
        self.name = f"canary-{next(_NUMBERS)}.{tld}"
        self.watch = Watch(Public(world.http, world.service.ports), self.name, list(canaries))
        self._world = world
        self._person = person
        self._hidden = False

    async def begin(self) -> None:
        """Register the domain and look at it: the search must see what is shown."""
        holder = registrant_contact(Registrant.parse(self._person))
        await self._world.registry_client.register(self.name, None if self.name.endswith("com") else holder)
        assert (await self._put()).status == 201
        await self.watch.once()
        assert len(self.watch.shown) >= 8
        self.watch.shown.clear()

    async def step(self, step: str, other: tuple[dict[str, object], list[str]]) -> None:
        """Do one of the `STEPS`."""
        word, _, wish = step.rpartition("-")
        if step == "rotate":
            await self._call("POST", "/privacy/addresses/rotate")
        elif step == "correct":
            self.watch.canaries += other[1]
            self._person = other[0]
            await self._put()
        elif wish == "on":
            await self._on(word)
        else:
            await self._off(word)

    async def end(self) -> None:
        """Give the domain up."""
        reply = await self._world.backend.call("DELETE", f"/v1/domains/{self.name}")
        assert reply.status in {200, 202, 204}, reply.body
        await self.watch.once()

    async def _on(self, word: str) -> None:
        await self._trouble(word)
        reply = await self._call("PUT", "/privacy", {"enabled": True, "consent": CONSENT})
        refused = word == "refuse" and not self._hidden and self._at_registry()
        if refused:
            # The refusal ends it at a moment that nobody announces; until then he is hidden.
            await self._hidden_while_pending(reply)
        else:
            self.watch.hides()
            self._hidden = True
            await self._finished(reply)
            await self.watch.once()
        await self._peace()

    async def _off(self, word: str) -> None:
        await self._trouble(word)
        if not (word == "refuse" and self._at_registry()):
            self.watch.may_show()
            self._hidden = False
        reply = await self._call("PUT", "/privacy", {"enabled": False})
        await self._finished(reply)
        await self.watch.once()
        await self._peace()

    async def _hidden_while_pending(self, reply: Any) -> None:
        operation = reply.body["operation"]["id"]
        for number in range(10_000):
            asked, octets = await self.watch.public.ask(number % FORMS, self.name)
            state = (await self._world.backend.call("GET", f"/v1/operations/{operation}")).body["state"]
            if state != "pending":
                return
            assert (asked, traces(self.watch.canaries, octets)) == (asked, [])

    async def _trouble(self, word: str) -> None:
        if word == "refuse":
            self._world.registry.faults.delay_s = 0.05
            await self._world.registry.set_statuses(self.name, add=["serverUpdateProhibited"])
        if word == "lose":
            self._world.registry.faults.drop_after("domain:update")

    async def _peace(self) -> None:
        self._world.registry.faults.delay_s = 0
        with suppress(ValueError, KeyError):
            await self._world.registry.set_statuses(self.name, remove=["serverUpdateProhibited"])

    def _at_registry(self) -> bool:
        """Whether this TLD's switch is made by `domain:update`, which can be refused."""
        return self.name.endswith(".org")

    async def _finished(self, reply: Any) -> None:
        operation = (reply.body or {}).get("operation")
        if operation:
            await self._world.backend.finished(operation["id"])

    async def _put(self) -> Any:
        body = {"registrant": self._person, "registrant_verified": True, "nameservers": [f"ns1.{self.name}"]}
        return await self._world.backend.call("PUT", f"/v1/domains/{self.name}", body)

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        reply = await self._world.backend.call(method, f"/v1/domains/{self.name}{path}", body)
        assert reply.status < 500, reply.body
        return reply


Person = tuple[dict[str, object], list[str]]


async def lived(world: World, tld: str, people: Sequence[Person], steps: Sequence[str]) -> Watch:
    """Live through the steps under watch, give the domain up, and return what was seen."""
    life = Life(world, tld, *people[0])
    await life.begin()
    watching = asyncio.create_task(life.watch.for_ever())
    try:
        for number, step in enumerate(steps):
            await life.step(step, people[number % len(people)])
        await life.end()
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    return life.watch


PERSON: Person = (
    {
        "name": "Zoë Nqwrtzplkdfg",
        "organization": "Brtzkwqxplmn AG",
        "email": "xkcdqwrtplnm@home.example",
        "phone": "+41325558467",
        "street": ["Gnbvfrtzklpq 7", "Hthbvcxzlkjh"],
        "city": "Lmnbvcxzqwrt",
        "region": "",
        "postal_code": "PC84731XZQWR",
        "country_code": "CH",
        "language": "fr",
    },
    [
        "nqwrtzplkdfg",
        "brtzkwqxplmn",
        "xkcdqwrtplnm",
        "325558467",
        "gnbvfrtzklpq",
        "hthbvcxzlkjh",
        "lmnbvcxzqwrt",
        "pc84731xzqwr",
    ],
)


@pytest.mark.parametrize("tld", TLDS)
async def test_a_hidden_registrant_shows_at_no_moment_of_any_change(world: World, tld: str) -> None:
    steps = ("refuse-on", "on", "rotate", "correct", "refuse-off", "on", "lose-off", "lose-on", "off", "on")
    watch = await lived(world, tld, [PERSON], steps)
    assert watch.leaks == []
    assert len(watch.hidden) == FORMS
    assert watch.shown, "he was seen again once privacy was off"


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(
    tld=st.sampled_from(TLDS),
    people=st.lists(registrants(), min_size=1, max_size=3),
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=5),
)
async def test_no_registrant_shows_in_no_order_of_changes(
    world: World, tld: str, people: list[Person], steps: list[str]
) -> None:
    watch = await lived(world, tld, people, ["on", *steps])
    assert watch.leaks == []


async def test_people_of_every_locale_are_hidden(world: World) -> None:
    if not PEOPLE.exists():
        pytest.skip("the shared test data are not here")
    people = [json.loads(line) for line in PEOPLE.read_text(encoding="utf-8").splitlines()]
    chosen = [person for person in people if person["country"].upper() in COUNTRY_CODES][::70]
    public = Public(world.http, world.service.ports)
    control = await _hidden(world, public, PERSON[0])
    for person in chosen:
        shape = shaped(person)
        told = [
            person["name"],
            person["org"],
            person["email"],
            person["city"],
            *person["street"].splitlines(),
        ]
        # What the proxy shares with him, such as a city, is no trace of him.
        values = [text.lower() for text in told if len(text) >= 6 and not traces([text.lower()], control)]
        assert traces(values, await _hidden(world, public, shape)) == []


async def _hidden(world: World, public: Public, person: dict[str, object]) -> bytes:
    """Register a domain of a person, hide him, and return all that is answered."""
    name = f"person-{next(_NUMBERS)}.com"
    await world.registry_client.register(name, None)
    body = {"registrant": person, "registrant_verified": True}
    assert (await world.backend.call("PUT", f"/v1/domains/{name}", body)).status == 201
    wish = {"enabled": True, "consent": CONSENT}
    assert (await world.backend.call("PUT", f"/v1/domains/{name}/privacy", wish)).status == 202
    return b"".join([(await public.ask(number, name))[1] for number in range(FORMS)])
