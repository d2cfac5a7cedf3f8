"""What the relay domain promises about TLS: MTA-STS (RFC 8461), TLSRPT (RFC 8460), DANE (RFC 7672)."""

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailrelay.delivery.dane import is_usable, matches
from mailrelay.delivery.mta_sts import StsPolicies, policy_id
from mailrelay.dns import Resolver
from whoisproxy.config import Settings
from whoisproxy.runtime.dns_records import txt_line
from whoisproxy.runtime.doctor.finding import Finding, Health
from whoisproxy.runtime.mail.keys import smtp_certificate

_PORT = 25  # where others come, whatever a redirection makes of it


async def mta_sts(settings: Settings, resolver: Resolver, policies: StsPolicies) -> list[Finding]:
    """Check the record, and the policy as others fetch it."""
    domain, host = settings.relay.domain, settings.smtp.hostname
    subject, url = f"MTA-STS of {domain}", f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    if not policy_id(await resolver.txt(f"_mta-sts.{domain}")):
        record = txt_line(f"_mta-sts.{domain}", "v=STSv1; id=1")
        advice = f"optional: serve a policy with `mx: {host}` at {url}, then publish: {record}"
        return [Finding(subject, Health.WARNING, advice)]
    policy = await policies.of(domain)
    if policy is None:
        return [Finding(subject, Health.FAILED, f"no policy in force can be had at {url}")]
    if not policy.covers(host):
        advice = f"add `mx: {host}` to the policy and change its id: senders refuse to deliver"
        return [Finding(subject, Health.FAILED, advice)]
    return [Finding(subject, Health.OK)]


async def tls_reports(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that senders know where to report TLS that failed."""
    domain = settings.relay.domain
    name, subject = f"_smtp._tls.{domain}", f"TLSRPT of {domain}"
    if any(text.startswith("v=TLSRPTv1") for text in await resolver.txt(name)):
        return [Finding(subject, Health.OK)]
    reader = settings.relay.operator_mailbox or f"postmaster@{domain}"
    record = txt_line(name, f"v=TLSRPTv1; rua=mailto:{reader}")
    return [Finding(subject, Health.WARNING, f"optional: publish: {record}")]


async def dane(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that TLSA records, where there are any, name the certificate that is shown."""
    host = settings.smtp.hostname
    answer = await resolver.tlsa(host, _PORT)
    if not answer.records:
        return []
    subject, chain = f"DANE of {host}", smtp_certificate(settings)
    usable = [record for record in answer.records if is_usable(record)]
    if any(matches(record, certificate) for record in usable for certificate in chain):
        if answer.secure:
            return [Finding(subject, Health.OK)]
        return [Finding(subject, Health.WARNING, "sign the zone (DNSSEC): unsigned records are not used")]
    advice = f"senders refuse to deliver; publish: {_record(host, chain[0])}" if chain else "no certificate"
    return [Finding(subject, Health.FAILED, advice)]


def _record(host: str, certificate: x509.Certificate) -> str:
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"_{_PORT}._tcp.{host}. TLSA 3 1 1 {hashlib.sha256(key).hexdigest()}"
