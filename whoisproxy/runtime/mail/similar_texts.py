"""The memory of texts that were written to owners lately, as the settings want it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from mmap import mmap

from mailrelay.checks.similar_texts import SimilarTexts
from whoisproxy.config import ConfigurationError, Settings
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.keys import similar_texts_key

_NOTES_OCTETS = 64


def shared_memory(settings: Settings) -> int:
    """Return the descriptor of memory for the mail processes of this service; it outlives each of them."""
    descriptor = os.memfd_create("similar-texts")
    os.truncate(descriptor, _octets(settings))
    return descriptor


@asynccontextmanager
async def similar_texts(
    core: Core, descriptor: int | None = None, *, hears: bool = True
) -> AsyncIterator[SimilarTexts]:
    """Remember texts; tell other machines and hear of them where there is a Redis.

    Args:
        core: The services.
        descriptor: Of memory that processes share; None has memory of this process's own.
        hears: Whether this is the process that takes in what other machines tell.

    Raises:
        ConfigurationError: There is to be a Redis, and its library is not installed, or its URL is none.
    """
    settings = core.settings
    memory = memoryview(mmap(-1 if descriptor is None else descriptor, _octets(settings)))
    key, window = similar_texts_key(settings), timedelta(hours=settings.checks.similar_texts_hours)
    if not settings.redis.url:
        yield SimilarTexts(key, memory, core.clock, window)
        return
    try:
        # An extra: without it there is no such library.
        from mailrelay.checks.shared_texts import SharedTexts  # noqa: PLC0415 - as it says

        shared = SharedTexts(settings.redis.url, memory[:_NOTES_OCTETS], window, core.clock)
    except ImportError:
        raise ConfigurationError("redis.url needs the extra: pip install 'whoisproxy[redis]'") from None
    except ValueError:
        raise ConfigurationError("redis.url: is no URL of a Redis") from None
    texts = SimilarTexts(key, memory, core.clock, window, shared.tell)
    async with shared.running(texts.hear if hears else None):
        yield texts


def _octets(settings: Settings) -> int:
    return settings.checks.similar_texts_mib * 2**20
