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
    """Send a harmless test to each engine, and a message of the largest size to each that answers."""
    async with open_engines(settings, utc_now) as opened:
        for engine in opened:
            found = await _objects(engine)
            yield found
            if found.health is not Health.FAILED and not await _takes_large(engine):
                advice = (
                    f"does not look at {engine.settings.size_octets} octets in time: lower size_octets, or"
                )
                yield Finding(
                    f"size limit of {engine.guard.name}", Health.WARNING, f"{advice} raise its own limit"
                )


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


async def _takes_large(engine: ConfiguredEngine) -> bool:
    """Return whether it looks at a message of the largest size that is sent to it."""
    try:
        await engine.guard.examine(harmless.of_size(engine.settings.size_octets))
    except (LetterTooLarge, EngineFault):
        return False
    return True
