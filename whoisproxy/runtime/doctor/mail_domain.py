"""What the relay domain publishes so that mail comes to us and ours is believed: MX, SPF, DKIM, DMARC."""

from mailrelay.authentication.results import Result
from mailrelay.authentication.spf import check_spf
from mailrelay.delivery.dkim_keys import DkimKey, KeyState
from mailrelay.dns import Resolver
from whoisproxy.config import Settings
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.dns_records import txt_line
from whoisproxy.runtime.doctor.finding import Finding, Health
from whoisproxy.runtime.mail.keys import dkim_keys


async def mx(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that mail for the domain comes to this host (RFC 5321 section 5.1)."""
    domain, host = settings.relay.domain, settings.smtp.hostname
    found = [name.rstrip(".") for _, name in await resolver.mx(domain)]
    if host in found:
        return [Finding(f"MX of {domain}", Health.OK)]
    return [Finding(f"MX of {domain}", Health.FAILED, f"publish: {domain}. MX 10 {host}.")]


async def spf(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that this host may send for the domain (RFC 7208); a smarthost's addresses are not known here."""
    domain, host = settings.relay.domain, settings.smtp.hostname
    subject = f"SPF of {domain}"
    if not any(text.startswith("v=spf1") for text in await resolver.txt(domain)):
        return [Finding(subject, Health.FAILED, "publish: " + txt_line(domain, "v=spf1 mx -all"))]
    if settings.delivery.smarthost:
        return [Finding(subject, Health.OK)]
    for address in await resolver.addresses(host):
        result = (await check_spf(address, host, f"postmaster@{domain}", resolver)).result
        if result is not Result.PASS:
            advice = f"{address} of {host} does not pass ({result}); add it, as `mx` does"
            return [Finding(subject, Health.FAILED, advice)]
    return [Finding(subject, Health.OK)]


async def dkim(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check the record of every key that signs, will sign, or has signed what may still be under way."""
    return [
        await _dkim_key(settings, resolver, key)
        for key in dkim_keys(settings).all()
        if key.record_until is None or key.record_until > utc_now()
    ]


async def _dkim_key(settings: Settings, resolver: Resolver, key: DkimKey) -> Finding:
    name = f"{key.selector}._domainkey.{settings.relay.domain}"
    subject = f"DKIM key {key.selector} of {settings.relay.domain}"
    if key.record in await resolver.txt(name):
        return Finding(subject, Health.OK)
    health = Health.FAILED if key.state is KeyState.ACTIVE else Health.WARNING
    return Finding(subject, health, "publish: " + txt_line(name, key.record))


async def dmarc(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that there is one DMARC policy (RFC 9989 section 4.7)."""
    name, subject = f"_dmarc.{settings.relay.domain}", f"DMARC policy of {settings.relay.domain}"
    policies = [text for text in await resolver.txt(name) if text.startswith("v=DMARC1")]
    if len(policies) == 1:
        return [Finding(subject, Health.OK)]
    if policies:
        return [Finding(subject, Health.FAILED, f"leave one record at {name}: of several none counts")]
    return [Finding(subject, Health.WARNING, "publish: " + txt_line(name, "v=DMARC1; p=reject"))]
