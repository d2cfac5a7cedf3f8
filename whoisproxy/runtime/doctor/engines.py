"""The engines that judge messages: whether each answers, and objects to what every such engine should."""

from collections.abc import AsyncIterator

from mailrelay.content.score import QUARANTINE_POINTS
from mailrelay.engines import harmless
from mailrelay.engines.clamav import ClamAv
from mailrelay.engines.engine import EngineFault, LetterTooLarge
from whoisproxy.config import Settings
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.doctor.finding import Finding, Health
from whoisproxy.runtime.mail.engines import ConfiguredEngine, open_engines

_MEANWHILE = {"defer": "mail is put off", "skip": "mail goes on unseen"}


async def engines(settings: Settings) -> AsyncIterator[Finding]:
    """Send a harmless test to each engine, and to the scanner of files a message of the largest size."""
    async with open_engines(settings, utc_now) as opened:
        for engine in opened:
            yield await _objects(engine)
            if engine.guard.name == ClamAv.name:
                for finding in await _takes_large(engine):
                    yield finding


async def _objects(engine: ConfiguredEngine) -> Finding:
    scans = engine.guard.name == ClamAv.name
    subject = f"engine {engine.guard.name}"
    try:
        found = await engine.guard.examine(harmless.like_malware() if scans else harmless.like_spam())
    except LetterTooLarge:
        return Finding(subject, Health.FAILED, "does not even take a message of a kilobyte")
    except EngineFault as fault:
        meanwhile = _MEANWHILE[engine.settings.when_down]
        return Finding(subject, Health.FAILED, f"gives no answer ({fault.reason}); {meanwhile}")
    if found.malware or found.points >= QUARANTINE_POINTS:
        return Finding(subject, Health.OK)
    what = "EICAR's test file: its signatures are missing" if scans else "GTUBE: its rules are missing"
    return Finding(subject, Health.WARNING, f"does not object to {what}")


async def _takes_large(engine: ConfiguredEngine) -> list[Finding]:
    """Warn where the engine's own limit is below ours: what is larger goes on unseen."""
    octets = engine.settings.size_octets
    try:
        await engine.guard.examine(harmless.of_size(octets))
    except LetterTooLarge:
        advice = f"does not take {octets} octets: raise its StreamMaxLength, or lower size_octets"
        return [Finding(f"size limit of {engine.guard.name}", Health.WARNING, advice)]
    except EngineFault:
        pass  # it is told of already, or busy with what hardly ever comes
    return []
