"""A registrar reads what the public sees of his domains, and asks for a look."""

from datetime import datetime

from tests.whoisproxy.api.client import ANN, ON, domain_body
from tests.whoisproxy.api.service import Service, now
from tests.whoisproxy.services.callback_world import PublicSide
from tests.whoisproxy.services.watch_world import make_watcher, posts_of
from whoisproxy.domain.account import Scope
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.publication_watch import Place

NAME = "ann-angstroem.com"
DOMAIN = f"/v1/domains/{NAME}"
PUBLICATION = f"{DOMAIN}/publication"


async def _hidden(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    async with service.worker():
        await service.settled(await service.client.put(f"{DOMAIN}/privacy", ON))


async def test_the_history_tells_place_by_place_and_server_by_server(service: Service) -> None:
    api, public, own = service.client, PublicSide(), PublicSide()
    await _hidden(service)
    before = (await api.get(PUBLICATION)).json
    assert (before["verdict"], before["places"]) == (None, [])
    async with public.listening(), own.listening():
        posts = posts_of(public, own)
        public.shown[NAME] = {"registrant": ANN}
        own.shown[NAME] = (await api.get(f"{DOMAIN}/privacy")).json["published_contacts"]
        found = await service.deps.publications.get(service.registrar, DomainName(NAME))
        await make_watcher(service.storage, posts, now).look_now(found.domain_id)
        await posts.close()
    answer = await api.get(PUBLICATION)
    seen = answer.json
    assert (answer.status, seen["domain"], seen["verdict"]) == (200, NAME, "leak")
    at_us, at_registry = seen["places"]
    assert (at_us["place"], at_us["verdict"]) == ("own", "clean")
    assert at_us["last_clean_at"] == at_us["looked_at"]
    assert [(each["source"], each["verdict"]) for each in at_us["servers"]] == [
        ("rdap", "clean"),
        ("whois", "clean"),
    ]
    assert (at_registry["place"], at_registry["verdict"], at_registry["last_clean_at"]) == (
        "registry",
        "leak",
        None,
    )
    for each in at_registry["servers"]:
        assert {"name", "email", "phone"} <= set(each["fields"])
        assert (each["looks"], each["last_clean_at"], each["referred"]) == (1, None, False)
    # What was found is named, and not said again.
    for secret in (ANN["name"], ANN["email"], ANN["phone"]):
        assert str(secret).encode() not in answer.raw


async def test_a_look_that_is_asked_for_is_due_at_once(service: Service) -> None:
    await _hidden(service)
    public, own = PublicSide(), PublicSide()
    async with public.listening(), own.listening():
        posts = posts_of(public, own)
        watcher = make_watcher(service.storage, posts, now)
        assert await watcher.run_due() == 0
        answer = await service.client.post(f"{PUBLICATION}/checks")
        assert answer.status == 202
        due = {each["place"]: each["next_look_at"] for each in answer.json["places"]}
        assert set(due) == set(Place)
        assert all(datetime.fromisoformat(at) <= now() for at in due.values())
        assert await watcher.run_due() == 2
        await posts.close()


async def test_only_the_domains_registrar_asks_and_only_for_what_is_hidden(service: Service) -> None:
    await service.client.put(DOMAIN, domain_body())
    assert (await service.client.post(f"{PUBLICATION}/checks")).code == "DOMAIN_LOCKED"
    other = await service.another_registrar()
    assert (await other.get(PUBLICATION)).code == "NOT_FOUND"
    assert (await other.post(f"{PUBLICATION}/checks")).code == "NOT_FOUND"
    reader = await service.client_with([Scope.DOMAINS_READ])
    assert (await reader.get(PUBLICATION)).status == 200
    assert (await reader.post(f"{PUBLICATION}/checks")).code == "FORBIDDEN"
