"""Passkeys: whose they are, and that each challenge is good once."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.authenticator import Authenticator
from tests.whoisproxy.services.entry import ELSEWHERE, HOME, PAGES, Entry, opened_entry
from tests.whoisproxy.services.world import World
from whoisproxy.domain.owner_account import Proof
from whoisproxy.domain.owner_session import Stage
from whoisproxy.services.owners.passkeys import Site, _challenge_of, _credential_of
from whoisproxy.services.owners.sessions import FoundSession

SITE = Site.of(PAGES)


@pytest.fixture
async def entry(world: World, tmp_path: Path) -> AsyncIterator[Entry]:
    """On SQLite."""
    async with opened_entry(world, tmp_path) as opened:
        yield opened


async def _added(entry: Entry, found: FoundSession, key: Authenticator, name: str = "key") -> FoundSession:
    answer = key.create(await entry.passkeys.creation_options(found, SITE))
    return await entry.found(await entry.passkeys.add(found, answer, name, SITE, HOME))


async def test_a_passkey_leads_in_and_is_two_steps_in_one(entry: Entry) -> None:
    _, _, found = await entry.with_totp()
    key = Authenticator(PAGES)
    assert (await _added(entry, found, key, " my \x00phone ")).session.proofs[-1] is Proof.PASSKEY
    entered = await entry.passkeys.sign_in(key.get(await entry.passkeys.sign_in_options(SITE)), SITE, HOME)
    signed_in = await entry.found(entered)
    assert (signed_in.session.stage, signed_in.session.proofs) == (Stage.FULL, (Proof.PASSKEY,))
    [passkey] = await entry.passkeys.of_account(found.account)
    assert (passkey.name, passkey.sign_count, passkey.used_at) == ("my phone", 2, entry.world.clock())


async def test_an_answer_is_good_once_and_for_a_time(entry: Entry) -> None:
    key = Authenticator(PAGES)
    await _added(entry, await entry.signed_in(), key)
    answer = key.get(await entry.passkeys.sign_in_options(SITE))
    entered = await asyncio.gather(*(entry.passkeys.sign_in(answer, SITE, HOME) for _ in range(3)))
    assert len([one for one in entered if one]) == 1
    late = key.get(await entry.passkeys.sign_in_options(SITE))
    entry.world.clock.pass_by(hours=1)
    assert await entry.passkeys.sign_in(late, SITE, HOME) is None


async def test_an_answer_for_another_place_or_without_its_user_proves_nothing(entry: Entry) -> None:
    key = Authenticator(PAGES)
    await _added(entry, await entry.signed_in(), key)

    async def signs_in(key: Authenticator, site: Site = SITE) -> bool:
        answer = key.get(await entry.passkeys.sign_in_options(site))
        return await entry.passkeys.sign_in(answer, SITE, HOME) is not None

    stranger = Authenticator(PAGES, credential_id=key.credential_id, count=50)
    assert not await signs_in(stranger)
    assert not await signs_in(
        Authenticator("https://evil.example", key=key.key, credential_id=key.credential_id)
    )
    assert not await signs_in(key, Site.of("https://evil.example"))
    key.verifies = False
    assert not await signs_in(key)
    key.verifies, key.count = True, 20
    assert await signs_in(key)
    key.count = 3  # a copy
    assert not await signs_in(key)


async def test_a_challenge_of_one_session_makes_no_passkey_in_another(entry: Entry) -> None:
    mine, other = await entry.signed_in(), await entry.found_of_another_owner()
    key = Authenticator(PAGES)
    answer = key.create(await entry.passkeys.creation_options(other, SITE))
    assert await entry.passkeys.add(mine, answer, "", SITE, HOME) is None
    challenge = json.loads(await entry.passkeys.sign_in_options(SITE))["challenge"]
    options = json.loads(await entry.passkeys.creation_options(mine, SITE)) | {"challenge": challenge}
    assert await entry.passkeys.add(mine, key.create(json.dumps(options)), "", SITE, HOME) is None


async def test_somebody_elses_passkey_is_no_second_step_of_mine(entry: Entry) -> None:
    other, key = await entry.found_of_another_owner(), Authenticator(PAGES)
    await _added(entry, other, key)
    mine = await entry.signed_in()
    answer = key.get(await entry.passkeys.sign_in_options(SITE))
    assert await entry.passkeys.prove(mine, answer, SITE, ELSEWHERE) is None
    # Nor can the same credential be added to two accounts.
    again = key.create(await entry.passkeys.creation_options(mine, SITE))
    assert await entry.passkeys.add(mine, again, "", SITE, HOME) is None
    assert await entry.passkeys.remove(mine, (await entry.passkeys.of_account(other.account))[0].id) is False


async def test_a_passkey_is_the_second_step_where_one_is_required(entry: Entry) -> None:
    key = Authenticator(PAGES)
    await entry.methods.wish_two_step(await _added(entry, await entry.signed_in(), key), wanted=True)
    half = await entry.found(await entry.sign_in.by_link(await entry.link(), HOME))
    assert half.session.stage is Stage.SECOND_STEP
    answer = key.get(await entry.passkeys.sign_in_options(SITE))
    full = await entry.found(await entry.passkeys.prove(half, answer, SITE, HOME))
    assert full.session.stage is Stage.FULL


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "signature", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.one_of(_json.map(json.dumps), st.text(max_size=80), st.just("[" * 5000)))
def test_whatever_a_browser_sends_is_refused_and_breaks_nothing(answer: str) -> None:
    assert isinstance(_challenge_of(answer), str)
    assert isinstance(_credential_of(answer), bytes)
