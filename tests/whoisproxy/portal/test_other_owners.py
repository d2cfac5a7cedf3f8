"""What is somebody else's: every route with a name or id in it is tried with those of two other owners."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from itertools import combinations
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from tests.support.samples import REGISTRANT
from tests.whoisproxy.portal.neighbours import PARAMETERS, Neighbour, Neighbours, neighbourhood, unlike
from tests.whoisproxy.portal.site import Answer, Browser
from whoisproxy.portal.route import Audience, Route
from whoisproxy.portal.routes import ROUTES
from whoisproxy.portal.switching.one import text_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

_NAME = re.compile(r"{(\w+)}")
_OWNERS = {Audience.OWNER, Audience.HALF, Audience.ENROLLING}
NAMING = [route for route in ROUTES if route.audience in _OWNERS and _NAME.search(route.path)]

# What is sent by a form of these routes, so that it does something; the others need nothing but the path.
FIELDS: dict[str, dict[str, str]] = {
    "/domains/{domain}/privacy": {"to": "off", "text": text_for(enabled=False).version},
    "/domains/{domain}/mail": {"do": "policy", "policy": "drop"},
    "/domains/{domain}/mail/key": {"do": "remove"},
    "/mailboxes/{mailbox}": {"do": "remove"},
    "/mail/held/{message}": {"do": "discard"},
    "/account/registrants/{registrant}/correction": {
        "name": REGISTRANT.name,
        "email": "zoe@home.example",
        "phone": REGISTRANT.phone,
        "street": "Hauptstrasse 1",
        "city": "Bonn",
        "postal_code": "53111",
        "country_code": "DE",
    },
}
# Where something is named in a form or a query and not in the path; what is named here in full is one's own.
BY_FIELD: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("POST", "/security", {"do": "remove-passkey", "id": "{passkey}"}),
    ("GET", "/domains", {"q": "{domain}"}),
    ("GET", "/domains/privacy", {"d": "{domain}", "to": "off"}),
    ("POST", "/domains/privacy", {"d": "{domain}", **FIELDS["/domains/{domain}/privacy"]}),
    ("POST", "/domains/mine.com/mail", {"do": "mailbox", "mailbox": "{mailbox}"}),
    ("GET", "/mail", {"domain": "{domain}"}),
    ("GET", "/mail/charts", {"domain": "{domain}"}),
    ("POST", "/mail/senders", {"sender": "pest@x.example", "action": "block", "domain": "{domain}"}),
)


@pytest_asyncio.fixture(loop_scope="module")
async def everybody(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Neighbours]:
    """Three owners, for a test that changes something."""
    async with neighbourhood(tmp_path, migrated_sqlite) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path
) -> AsyncIterator[Neighbours]:
    """Three owners, for tests that only look."""
    async with neighbourhood(tmp_path_factory.mktemp("neighbours"), migrated_sqlite) as started:
        yield started


Value = Callable[[str], Awaitable[str]]


def _names(template: str) -> list[str]:
    return _NAME.findall(template)


async def _filled(template: str, value: Value) -> str:
    for name in _names(template):
        template = template.replace(f"{{{name}}}", await value(name))
    return template


async def _ask(browser: Browser, method: str, path: str, fields: dict[str, str], value: Value) -> Answer:
    path, sent = await _filled(path, value), {name: await _filled(one, value) for name, one in fields.items()}
    if method == "POST":
        return await browser.post(path, {}, **sent)
    return await browser.get(f"{path}?{urlencode(sent)}")


def _of(mine: Neighbour, other: Neighbour, names: Collection[str], *, there: bool = True) -> Value:
    """Return one's own, and for some names what another has; or what is like that and is not there."""

    async def value(name: str) -> str:
        if name not in names:
            return await mine.has(name)
        return await other.has(name) if there else unlike(name, await other.has(name))

    return value


def _choices(path: str) -> list[tuple[str, ...]]:
    """Return every choice of names in a path that are somebody else's."""
    names = _names(path)
    return [some for count in range(1, len(names) + 1) for some in combinations(names, count)]


def _named(route: Route) -> str:
    return f"{route.method} {route.path}"


async def test_of_every_name_in_a_path_it_is_known_how_somebody_comes_to_have_it() -> None:
    """A new route is tried with other owners' things as soon as it is there."""
    assert {name for route in NAMING for name in _names(route.path)} <= set(PARAMETERS)


@pytest.mark.parametrize("route", [one for one in NAMING if not one.writes], ids=_named)
async def test_what_another_owner_has_is_not_seen(undisturbed: Neighbours, route: Route) -> None:
    await _is_as_if_it_were_not(undisturbed, route)


@pytest.mark.parametrize("route", [one for one in NAMING if one.writes], ids=_named)
async def test_what_another_owner_has_is_not_changed(everybody: Neighbours, route: Route) -> None:
    await _is_as_if_it_were_not(everybody, route)


async def _is_as_if_it_were_not(everybody: Neighbours, route: Route) -> None:
    """What another has is answered like what is nowhere, and no row differs; one's own is there."""
    mine, fields = everybody.mine, FIELDS.get(route.path, {}) if route.writes else {}
    await _filled(route.path, mine.has)
    for other in (everybody.theirs, everybody.elsewhere):
        await _filled(route.path, other.has)
        before = await everybody.everything()
        for names in _choices(route.path):
            refused, nothing = [
                await _ask(
                    mine.browser, route.method, route.path, fields, _of(mine, other, names, there=there)
                )
                for there in (True, False)
            ]
            assert (refused.status, refused.text) == (404, nothing.text)
            assert [one for one in other.traces if one in refused.text] == []
        assert await everybody.everything() == before
    own = await _ask(mine.browser, route.method, route.path, fields, mine.has)
    assert own.status in {200, 303}, "what is his own is his own: else this test shows nothing"


@pytest.mark.parametrize(("method", "path", "fields"), BY_FIELD, ids=str)
async def test_what_a_form_or_query_names_is_ones_own(
    everybody: Neighbours, method: str, path: str, fields: dict[str, str]
) -> None:
    mine, [name] = everybody.mine, _names("".join(fields.values()))
    await mine.has(name)
    for other in (everybody.theirs, everybody.elsewhere):
        his = await other.has(name)
        before = await everybody.everything()
        refused, nothing = [
            await _ask(mine.browser, method, path, fields, _of(mine, other, [name], there=there))
            for there in (True, False)
        ]
        assert refused.status == nothing.status
        # A page may say again what was asked of it.
        assert refused.text.replace(his, "it") == nothing.text.replace(unlike(name, his), "it")
        assert await everybody.everything() == before
    before = await everybody.everything()
    own = await _ask(mine.browser, method, path, fields, mine.has)
    assert own.status in {200, 303}, "what is his own is his own: else this test shows nothing"
    assert method == "GET" or await everybody.everything() != before


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.audience in _OWNERS and not route.writes],
    ids=lambda one: one.path,
)
async def test_looking_changes_nothing(undisturbed: Neighbours, route: Route) -> None:
    path = await _filled(route.path, undisturbed.mine.has)
    before = await undisturbed.everything()
    assert (await undisturbed.mine.browser.get(path)).status in {200, 303}
    assert await undisturbed.everything() == before
