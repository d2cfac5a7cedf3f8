"""The watch over what the public sees, put together on the core."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from whoisproxy.domain.publication_watch import Rhythm
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.publication_posts import KnownPosts
from whoisproxy.services.publication_findings import PublicationFindings
from whoisproxy.services.publication_planning import PublicationPlanner
from whoisproxy.services.publication_subjects import Subjects
from whoisproxy.services.publication_watch import PublicationWatcher


@asynccontextmanager
async def open_watcher(core: Core) -> AsyncIterator[PublicationWatcher]:
    """Give the watcher of these settings; its connections are closed in the end."""
    watch = core.settings.watch
    rhythm = Rhythm(timedelta(days=watch.every_days), timedelta(minutes=watch.settle_minutes))
    posts = KnownPosts(core.settings, core.catalogue)
    subjects = Subjects(core.catalogue, core.privacy_settings)
    keep = timedelta(days=watch.evidence_days)
    try:
        yield PublicationWatcher(
            core.storage,
            posts,
            subjects,
            PublicationPlanner(core.storage, posts, rhythm, core.clock),
            PublicationFindings(core.storage, subjects, rhythm, keep, core.clock),
            core.clock,
        )
    finally:
        await posts.close()
