"""Owners' mail on their pages: what became of each message, what is held, whom they stop, how much it was."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, NoteOfVerdict, State
from tests.whoisproxy.portal.post import Post
from tests.whoisproxy.portal.site import Answer, Browser, Site, open_site
from tests.whoisproxy.services.entry import ELSEWHERE
from tests.whoisproxy.services.world import RDDS_ONLY, SPEC, SUBSTITUTED, World, make_world, renamed
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.i18n import LANGUAGES, translations
from whoisproxy.services.accounts import Accounts
from whoisproxy.storage.unit_of_work import Storage

ELSE = DomainName("else-studio.com")
MALWARE = (NoteOfVerdict("clamav", "quarantine", "malware", 0.0),)
PAGE_OCTETS = 60_000
SAFE = {"html", "meta", "title", "body", "p", "b"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title></p></main><iframe src=javascript:alert(1)></iframe>",
    "<b onmouseover=alert(1)>bold</b>",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "%(x)s %s %d 100%",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "javascript:alert(1)",
    "<!--<base href=//evil.example><style>*{display:none}</style>-->",
    ']]><a href="//evil.example">click</a>',
]


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """The services over an empty database."""
    return await make_world(sqlite_storage)


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The pages over plain HTTP."""
    async with open_site(world, tmp_path) as opened:
        yield opened


@pytest.fixture
def post(site: Site) -> Post:
    """What comes for the owner's domains."""
    return Post(site.entry.world, site.entry.queue)


class _Reader(HTMLParser):
    """Reads a page: its elements with the names of their attributes, its text, its frames."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.frames: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        if tag == "iframe":
            given = {name: value or "" for name, value in attrs}
            self.frames.append((given.get("sandbox", "none"), given.get("srcdoc", "")))

    def handle_data(self, data: str) -> None:
        self.text += data


async def _state(site: Site, message_id: str) -> State:
    record = await site.entry.queue.get(message_id)
    assert record is not None
    return record.state


def _listed(page: Answer) -> list[str]:
    return re.findall(r'href="/mail/messages/(msg_\w+)"', page.text)


async def test_each_message_is_told_by_what_has_become_of_it(site: Site, post: Post) -> None:
    owner = await site.owner()
    came = {
        "Delivered": await post.delivered(),
        "Not deliverable": await post.bounced("no-such-mailbox-550"),
        "Waiting": await post.deferred(),
        "Held": await post.held(),
        "Thrown away": await post.dropped(),
        "Refused": await post.refused(),
        "On its way": await post.comes(),
    }
    assert sorted(_listed(await owner.get("/mail"))) == sorted(came.values())
    for fate, message_id in came.items():
        page = await owner.get(f"/mail/messages/{message_id}")
        assert (page.status, re.findall(r'<p class="fate \w+">([^<]+)', page.text)) == (200, [fate])
    bounced = await owner.get(f"/mail/messages/{came['Not deliverable']}")
    assert "there is no such mailbox" in bounced.text
    assert "encrypted connection" in (await owner.get(f"/mail/messages/{came['Delivered']}")).text
    # A deferred message has not been delivered, and no page says so.
    assert "confirmed" not in (await owner.get(f"/mail/messages/{came['Waiting']}")).text


async def test_the_log_is_chosen_from_by_fate_domain_and_period(site: Site, post: Post) -> None:
    owner = await site.owner()
    await site.entry.world.register(SUBSTITUTED)
    old = await post.delivered()
    site.entry.world.clock.pass_by(days=10)
    # His session is over by then.
    owner = await site.owner()
    here, there = await post.delivered(), await post.bounced(name=SUBSTITUTED)
    for query, found in {
        "": {old, here, there},
        "?fate=delivered": {old, here},
        "?fate=bounced": {there},
        "?fate=held": set(),
        "?period=7": {here, there},
        "?period=7&fate=delivered": {here},
        f"?domain={SUBSTITUTED.a_label.upper()}": {there},
        "?domain=nobodys.org": set(),
        "?domain=%3Cb%3E&fate=nonsense&period=nonsense": set(),
    }.items():
        assert set(_listed(await owner.get(f"/mail{query}"))) == found, query


async def test_the_pages_of_the_log_together_are_the_log(site: Site, post: Post) -> None:
    owner = await site.owner()
    came = [await post.refused() for _ in range(60)]
    path, found = "/mail?fate=refused", list[str]()
    while path:
        page = await owner.get(path)
        found += _listed(page)
        older = re.search(r'href="(\?[^"]*before=[^"]*)">Older', page.text)
        path = "/mail" + older[1].replace("&amp;", "&") if older else ""
    assert found == sorted(came, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_speaks_every_language(site: Site, post: Post, language: str) -> None:
    owner = await site.owner()
    message_id, held = await post.bounced(), await post.held()
    said = translations(language).gettext
    for path, text in {
        "/mail": "Not deliverable",
        f"/mail/messages/{message_id}": "The mail server says that there is no such mailbox.",
        "/mail/held": "Held mail",
        f"/mail/held/{held}": "Why it is held",
        "/mail/senders": "A new rule",
        "/mail/charts": "Relayed and blocked mail",
        "/mail/digest": "Emails about held mail",
    }.items():
        page = await owner.get(f"{path}?lang={language}")
        assert page.status == 200
        assert f'<html lang="{language}"' in page.text
        assert said(text) in _Reader(page.text).text


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_what_strangers_write_is_text_and_nothing_else(site: Site, post: Post, hostile: str) -> None:
    """A page with it has the elements and attributes of a page without it, and shows it as it is."""
    owner = await site.owner()
    plain = await _shown(owner, await _letter(post, "harmless"))
    for message_id in plain.ids:
        assert await site.entry.queue.discard(message_id)
    shown = await _shown(owner, await _letter(post, hostile))
    assert len(shown.readers["held"].frames) == 1
    assert shown.readers["held"].text.count(" ".join(hostile.split())) >= 3  # subject, text, name of a file
    for path, reader in shown.readers.items():
        assert reader.elements == plain.readers[path].elements, path
        assert " ".join(hostile.split()) in " ".join(reader.text.split()), path
        for sandbox, document in reader.frames:
            assert sandbox == ""
            assert {tag for tag, _ in _Reader(document).elements} <= SAFE


class _Shown:
    def __init__(self, ids: tuple[str, ...]) -> None:
        self.ids = ids
        self.readers: dict[str, _Reader] = {}


async def _letter(post: Post, words: str) -> _Shown:
    """Have two messages come with some words in every place that a stranger can fill."""
    name = words.replace("\\", "").replace('"', '\\"')
    author = f'"{name}" <ada@offers.example>'
    disposition = f'Content-Disposition: attachment; filename="{name}"'
    body = (
        f"--b\r\nContent-Type: text/plain\r\n\r\n{words}\r\n"
        f"--b\r\nContent-Type: text/html\r\n\r\n<p>{words}</p>\r\n"
        f"--b\r\nContent-Type: application/pdf\r\n{disposition}\r\n\r\nx\r\n--b--"
    )
    held = await post.held(author=author, subject=words, text=body, kind='multipart/mixed; boundary="b"')
    return _Shown((held,))


async def _shown(owner: Browser, shown: _Shown) -> _Shown:
    [held] = shown.ids
    for name, path in {
        "log": "/mail?fate=held",
        "message": f"/mail/messages/{held}",
        "list": "/mail/held",
        "held": f"/mail/held/{held}",
    }.items():
        page = await owner.get(path)
        assert page.status == 200
        assert "script-src" not in page.headers["Content-Security-Policy"]
        shown.readers[name] = _Reader(page.text)
    return shown


async def test_a_page_stays_small_whatever_strangers_write(site: Site, post: Post) -> None:
    owner = await site.owner()
    for _ in range(30):
        await post.held(author=f'"{"<" * 900}" <a@offers.example>', subject="&" * 990, text="<" * 90_000)
    [last, *_] = _listed(await owner.get("/mail"))
    for path in ("/mail", "/mail/held", f"/mail/held/{last}", f"/mail/messages/{last}"):
        assert len((await owner.get(path)).text.encode()) < PAGE_OCTETS, path


async def _others(site: Site, post: Post) -> tuple[Browser, str, str, str]:
    """Return the browser of an owner, and what belongs to somebody else: two messages and a rule."""
    world = site.entry.world
    found = await site.entry.found_of_another_owner()
    held, sent = await post.held(name=ELSE), await post.delivered(name=ELSE)
    rule = await site.deps.mail.senders.put(found, "x@offers.example", "block", "")  # type: ignore[arg-type]
    assert world.registrar.id == found.registrar.id
    return await site.owner(), held, sent, rule.id


async def test_nothing_of_another_owner_is_there(site: Site, post: Post) -> None:
    owner, held, sent, rule = await _others(site, post)
    missing = await owner.get("/mail/messages/msg_nobodys")
    assert missing.status == 404
    for path in (f"/mail/messages/{sent}", f"/mail/messages/{held}", f"/mail/held/{held}"):
        answer = await owner.get(path)
        assert (answer.status, answer.text) == (404, missing.text)
    await owner.get("/mail")
    for do in ("release", "allow-sender", "block-sender", "block-domain", "report", "discard", ""):
        assert (await owner.post(f"/mail/held/{held}", do=do, sure="yes")).status == 404
    assert (await owner.post(f"/mail/senders/{rule}")).status == 404
    assert await _state(site, held) is State.QUARANTINED
    for path in ("/mail", f"/mail?domain={ELSE}", "/mail/held", "/mail/senders"):
        page = await owner.get(path)
        assert (page.status, _listed(page), held in page.text, rule in page.text) == (200, [], False, False)
    assert "<td>0</td>" in (await owner.get(f"/mail/charts?domain={ELSE}")).text
    # A rule for a domain of somebody else is refused in the same words as for one that is nobody's.
    answers = [
        await owner.post("/mail/senders", sender="a@b.example", action="block", domain=name)
        for name in (str(ELSE.a_label), "nobodys-studio.com")
    ]
    assert [one.status for one in answers] == [422, 422]
    assert answers[0].text.replace(ELSE.a_label, "nobodys-studio.com") == answers[1].text


async def test_nothing_of_the_same_mailbox_at_another_registrar_is_there(site: Site, post: Post) -> None:
    world = site.entry.world
    other = await Accounts(world.storage, world.clock).add_registrar("Other", "https://other.example")
    name = DomainName("zoe-elsewhere.com")
    registration, _ = await world.registrations.put(other, name, SPEC)
    link = await site.entry.sign_in.registrar_link(other, registration.registrant_id)
    there = site.browser()
    assert (await there.enters(link.token)).status == 303
    mine = await post.held()
    assert _listed(await there.get("/mail")) == []
    assert (await there.get(f"/mail/held/{mine}")).status == 404
    assert _listed(await (await site.owner()).get("/mail")) == [mine]


async def test_mail_to_the_holder_before_is_not_shown_to_the_next(site: Site, post: Post) -> None:
    """Another person is another registrant, though the domain keeps its name."""
    world = site.entry.world
    held, sent = await post.held(), await post.delivered()
    heirs = renamed(name="Nora Next", organization="", email="next@else.example", street="Elsewhere 1")
    registration, _ = await world.registrations.put(world.registrar, RDDS_ONLY, heirs)
    record = await site.entry.queue.get(held)
    assert record is not None
    assert record.owner_id != registration.registrant_id
    made = await site.entry.sign_in.registrar_link(world.registrar, registration.registrant_id)
    heir = site.browser()
    assert (await heir.enters(made.token)).status == 303
    assert _listed(await heir.get("/mail")) == []
    for path in (f"/mail/messages/{held}", f"/mail/messages/{sent}", f"/mail/held/{held}"):
        assert (await heir.get(path)).status == 404
    assert "<td>0</td><td>0</td><td>0</td><td>0</td></tr></tfoot>" in (await heir.get("/mail/charts")).text


@pytest.mark.parametrize(
    ("do", "state", "told"),
    [
        ("release", State.QUEUED, "It is on its way"),
        ("allow-sender", State.QUEUED, "It is on its way"),
        ("block-sender", State.DISCARDED, "Blocked"),
        ("block-domain", State.DISCARDED, "Blocked"),
        ("report", State.DISCARDED, "Reported"),
        ("discard", State.DISCARDED, "Thrown away"),
    ],
)
async def test_what_an_owner_says_of_held_mail_is_done_once(
    site: Site, post: Post, do: str, state: State, told: str
) -> None:
    owner, held = await site.owner(), await post.held()
    page = await owner.get(f"/mail/held/{held}")
    assert f'value="{do}"' in page.text
    for _ in range(2):
        assert f"<h1>{told}</h1>" in (await owner.post(f"/mail/held/{held}", do=do)).text
    assert await _state(site, held) is state
    assert "not held any more" in (await owner.get(f"/mail/held/{held}")).text
    rules = await owner.get("/mail/senders")
    sender = {"allow-sender": "ada@offers.example", "block-domain": "offers.example"}
    expected = sender.get(do, "ada@offers.example" if do == "block-sender" else "")
    assert re.findall(r"<strong>([^<]+)</strong>", rules.text) == ([expected] if expected else [])


async def test_reporting_teaches_the_filter(site: Site, post: Post) -> None:
    owner, held = await site.owner(), await post.held()
    await owner.get("/mail/held")
    await owner.post(f"/mail/held/{held}", do="report")
    assert (await site.deps.decisions._learning.status()).spam == 1


async def test_something_dangerous_is_released_by_a_second_word_only(site: Site, post: Post) -> None:
    owner, held = await site.owner(), await post.held(verdicts=MALWARE)
    await owner.get("/mail/held")
    asked = await owner.post(f"/mail/held/{held}", do="release")
    assert "Release something dangerous?" in asked.text
    assert await _state(site, held) is State.QUARANTINED
    owner.csrf = asked.csrf
    await owner.post(f"/mail/held/{held}", do="release", sure="yes")
    assert await _state(site, held) is State.QUEUED


async def test_an_ended_session_decides_nothing(site: Site, post: Post) -> None:
    held = await post.held()
    found = await site.entry.signed_in(ELSEWHERE)
    message = await site.deps.mail.held.open(found.account, held)
    assert message is not None
    await site.entry.sessions.end(found.account, found.session.id)
    owner = await site.owner()
    with pytest.raises(NotFound, match="nobody is signed in"):
        await site.deps.mail.held.decide(found, message, "release", sure=False)  # type: ignore[arg-type]
    assert await _state(site, held) is State.QUARANTINED
    assert (await owner.get("/mail/held")).status == 200


async def test_how_often_he_is_told_is_his_wish(site: Site, post: Post) -> None:
    await post.held()
    owner = await site.owner()
    for do, name in (("weekly", "Every week"), ("off", "Never"), ("daily", "Every day")):
        await owner.get("/mail/digest")
        assert f"Now: {name}" in (await owner.post("/mail/digest", do=do)).text
        assert f"Now: {name}" in (await owner.get("/mail/digest")).text
    assert (await owner.post("/mail/digest", do="hourly")).status == 404


async def test_senders_are_blocked_and_allowed_for_one_domain_or_all(site: Site, post: Post) -> None:
    await post.address()
    owner = await site.owner()
    await owner.get("/mail/senders")
    for sender, action, domain in (
        ("Spam.Example", "block", ""),
        ("ada@offers.example", "allow", RDDS_ONLY.a_label),
    ):
        made = await owner.post("/mail/senders", sender=sender, action=action, domain=domain)
        assert (made.status, made.location) == (303, "/mail/senders")
        site.entry.world.clock.pass_by(seconds=1)
    page = await owner.get("/mail/senders")
    assert re.findall(r"<strong>([^<]+)</strong>", page.text) == ["ada@offers.example", "spam.example"]
    for rule in re.findall(r'action="(/mail/senders/rule_\w+)"', page.text):
        assert (await owner.post(rule)).status == 303
    assert "There is none." in (await owner.get("/mail/senders")).text


@pytest.mark.parametrize(
    ("sender", "domain"), [("", ""), ("no mailbox@", ""), ("co.uk", ""), ("a@b.example", "not a domain")]
)
async def test_a_rule_that_cannot_be_is_refused_with_what_was_written(
    site: Site, post: Post, sender: str, domain: str
) -> None:
    await post.address()
    owner = await site.owner()
    await owner.get("/mail/senders")
    page = await owner.post("/mail/senders", sender=sender, action="allow", domain=domain)
    assert page.status == 422
    assert page.text.count('aria-invalid="true"') == 1
    assert f'value="{sender}"' in page.text


async def test_the_numbers_of_a_chart_are_those_of_the_log(site: Site, post: Post) -> None:
    for day in range(6):
        await post.delivered()
        for _ in range(day):
            await post.refused()
        if day % 2:
            await post.bounced()
        await post.comes(direction=Direction.REPLY)
        site.entry.world.clock.pass_by(days=1)
    owner = await site.owner()
    log = {
        fate: len(_listed(await owner.get(f"/mail?fate={fate}")))
        for fate in ("delivered", "refused", "held", "dropped", "bounced")
    }
    for period in ("30", "365"):
        page = await owner.get(f"/mail/charts?period={period}")
        [total] = re.findall(r"<tfoot>.*?</tfoot>", page.text, re.DOTALL)
        assert list(map(int, re.findall(r"<td>(\d+)</td>", total))) == [
            log["delivered"], log["refused"] + log["held"] + log["dropped"], log["bounced"], 24,
        ]  # fmt: skip
        assert {"<title id=", "<desc id=", 'role="img"'} <= {
            one for one in ("<title id=", "<desc id=", 'role="img"') if one in page.text
        }
        assert " style=" not in page.text


async def test_charts_reach_further_back_than_the_log(site: Site, post: Post) -> None:
    await post.delivered()
    await post.refused()
    site.entry.world.clock.pass_by(days=100)
    await site.entry.queue.purge(site.entry.world.clock() - timedelta(days=90))
    owner = await site.owner()
    assert _listed(await owner.get("/mail")) == []
    [total] = re.findall(r"<tfoot>.*?</tfoot>", (await owner.get("/mail/charts?period=365")).text, re.DOTALL)
    assert re.findall(r"<td>(\d+)</td>", total) == ["1", "1", "0", "2"]
