"""A registry with its public directories, our own servers as strangers see them, and the watch over both.

All parties speak over sockets on loopback; the time passes when it is told to.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from registries.catalogue import Catalogue
from registries.contact import Role
from registries.policy import Mechanism
from tests.fakes import Clock
from tests.whoisproxy.services.callback_world import PublicSide
from tests.whoisproxy.services.world import ACCOUNT, REGISTRANT, SETTINGS, World, make_world
from whoisproxy.config import Settings
from whoisproxy.config.watch import Watch, WatchedDirectories
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Event
from whoisproxy.domain.publication_watch import Rhythm
from whoisproxy.runtime.publication_posts import KnownPosts
from whoisproxy.services.identities import registrant_contact
from whoisproxy.services.publication_findings import PublicationFindings
from whoisproxy.services.publication_planning import PublicationPlanner
from whoisproxy.services.publication_subjects import Subjects
from whoisproxy.services.publication_watch import PublicationWatcher, WatcherSettings
from whoisproxy.services.publications import Publication, Publications
from whoisproxy.services.registry_tasks import contacts_json
from whoisproxy.storage.unit_of_work import Storage

KEEP = timedelta(days=30)
HOLDER = contacts_json({Role.REGISTRANT: registrant_contact(REGISTRANT)})


@dataclass
class WatchWorld:
    """Everything a test needs.

    Attributes:
        public: What the registry's directories show.
        own: What our own servers show.
    """

    world: World
    public: PublicSide
    own: PublicSide
    posts: KnownPosts
    watcher: PublicationWatcher
    publications: Publications

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def storage(self) -> Storage:
        return self.world.storage

    async def hidden(self, name: DomainName) -> None:
        """Bring a domain to where privacy is on, everybody sees it, and the first looks are planned."""
        await self.world.hidden(name)
        await self.publish(name)
        await self.watcher.run_due()

    async def publish(self, name: DomainName) -> None:
        """Let everybody see what the registry holds now, and what we publish."""
        held = self.world.registry.contacts.get(name.a_label, {})
        withheld = Catalogue.load().policy(name.suffix).mechanism is Mechanism.REGISTRY_FLAG
        self.public.shown[name.a_label] = contacts_json({} if withheld else held)
        self.own.shown[name.a_label] = contacts_json((await self.world.status(name)).published)

    def leak(self, side: PublicSide, name: DomainName) -> None:
        """Let a directory show the registrant, whatever was done."""
        side.shown[name.a_label] = HOLDER

    async def later(self, **duration: float) -> int:
        """Let time pass, and look at what is due then; return how many looks those were."""
        self.clock.pass_by(**duration)
        return await self.watcher.run_due()

    async def seen(self, name: DomainName) -> Publication:
        """Return what was seen of a domain."""
        return await self.publications.get(self.world.registrar, name)

    async def told(self) -> list[Event]:
        """Return the events of the watch so far."""
        async with self.storage.reading() as uow:
            events = await uow.events.after(self.world.registrar.id, 0, 1000)
        return [event for event in events if event.type.startswith("publication.")]

    def another_watcher(self, settings: WatcherSettings | None = None) -> PublicationWatcher:
        """Return a watcher as another machine has it."""
        return make_watcher(self.storage, self.posts, self.clock, settings)


def make_watcher(
    storage: Storage,
    posts: KnownPosts,
    clock: Callable[[], datetime],
    settings: WatcherSettings | None = None,
) -> PublicationWatcher:
    """Put a watcher together; chance is always in the middle."""
    catalogue, rhythm = Catalogue.load(), Rhythm()
    subjects = Subjects(catalogue, SETTINGS_OF_WATCH)
    return PublicationWatcher(
        storage,
        posts,
        subjects,
        PublicationPlanner(storage, posts, rhythm, clock, lambda: 0.5),
        PublicationFindings(storage, subjects, rhythm, KEEP, clock),
        clock,
        settings,
        lambda: 0.5,
    )


SETTINGS_OF_WATCH = replace(SETTINGS, accounts=dict.fromkeys(("org", "eu", "ca"), ACCOUNT))


def posts_of(public: PublicSide, own: PublicSide, looks_per_minute: int = 600) -> KnownPosts:
    """Return the posts from which the directories of a world are looked at."""
    directories = WatchedDirectories(
        suffixes=("org", "eu", "ca", "com"),
        rdap_base_url=public.rdap_url,
        whois_server=public.whois_server,
        looks_per_minute=looks_per_minute,
        allow_private_addresses=True,
    )
    watch = Watch(
        own_rdap_base_url=own.rdap_url,
        own_whois_server=own.whois_server,
        own_looks_per_minute=looks_per_minute,
        directories=(directories,),
    )
    return KnownPosts(Settings(watch=watch), Catalogue.load())


@asynccontextmanager
async def watch_world(storage: Storage, looks_per_minute: int = 600) -> AsyncIterator[WatchWorld]:
    """Run the directories; nothing is registered yet."""
    public, own = PublicSide(), PublicSide()
    async with public.listening(), own.listening():
        posts = posts_of(public, own, looks_per_minute)
        world = await make_world(storage)
        watcher = make_watcher(storage, posts, world.clock)
        try:
            yield WatchWorld(world, public, own, posts, watcher, Publications(storage, world.clock))
        finally:
            await posts.close()
