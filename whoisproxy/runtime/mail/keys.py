"""Keys and certificates of the relay: files beside the master key, made on the first start."""

import hashlib

from cryptography import x509

from mailrelay.addresses import BounceAddresses
from mailrelay.delivery.dkim_keys import DkimKeys, DkimKeysError, RotatingSigner
from mailrelay.delivery.signing import Signer
from mailrelay.links import Links
from mailrelay.rewriting.threads import AnswerIds
from mailrelay.server.tls import RenewedCertificate
from whoisproxy.config import ConfigurationError, Settings
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.key_files import secret_key, server_tls

_BOUNCE_KEY = "return-addresses.key"
_EARLIER_DKIM_KEY = "dkim.pem"
_GREYLIST_KEY = "greylist.key"
_TLS_FILE = "smtp-tls.pem"


def prepare_keys(settings: Settings) -> None:
    """Make the keys that mail needs, so that several processes find the same.

    Raises:
        ConfigurationError: A file holds something else.
    """
    signer_of(settings)
    return_addresses(settings)
    greylist_key(settings)
    certificate(settings)


def dkim_keys(settings: Settings) -> DkimKeys:
    """Return the DKIM keys of the relay domain; the first is made on the first start.

    Raises:
        ConfigurationError: The key that an earlier version has left cannot be read.
    """
    keys = DkimKeys(settings.keys.folder / "dkim", settings.relay.domain, utc_now)
    earlier = settings.keys.folder / _EARLIER_DKIM_KEY
    try:
        keys.ensure(settings.relay.dkim_selector, earlier)
    except (ValueError, TypeError):
        raise ConfigurationError(f"{earlier}: holds no RSA or Ed25519 key in PEM form") from None
    except DkimKeysError as error:
        raise ConfigurationError(str(error)) from None
    return keys


def signer_of(settings: Settings) -> Signer:
    """Return the signer of the relay domain, which follows its keys.

    Raises:
        ConfigurationError: A key cannot be read.
    """
    keys = dkim_keys(settings)
    try:
        return RotatingSigner(settings.relay.domain, keys, utc_now)
    except DkimKeysError as error:
        raise ConfigurationError(str(error)) from None


def dkim_record(settings: Settings) -> tuple[str, str]:
    """Return name and text of the TXT record of the key that signs."""
    return signer_of(settings).dns_record()


def smtp_certificate(settings: Settings) -> list[x509.Certificate]:
    """Return the certificates that the mail server shows, its own first; none before the first start."""
    file = settings.smtp.tls_certificate or settings.keys.folder / _TLS_FILE
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return []


def certificate(settings: Settings) -> RenewedCertificate:
    """Return what gives the TLS context of the mail server.

    Raises:
        ConfigurationError: The files cannot be read or hold no certificate with its key.
    """
    smtp, own = settings.smtp, settings.keys.folder / _TLS_FILE
    files = [file for file in (smtp.tls_certificate or own, smtp.tls_key) if file is not None]
    return RenewedCertificate(
        files, lambda: server_tls(smtp.tls_certificate, smtp.tls_key, own, smtp.hostname)
    )


def return_addresses(settings: Settings) -> BounceAddresses:
    """Return what writes and reads return addresses."""
    return BounceAddresses(secret_key(settings.keys.folder / _BOUNCE_KEY), settings.relay.domain)


def answer_ids(settings: Settings) -> AnswerIds:
    """Return what makes the Message-IDs of answers."""
    return AnswerIds(secret_key(settings.keys.folder / _BOUNCE_KEY), settings.relay.domain)


def links(settings: Settings) -> Links:
    """Return what makes and reads the links in owners' mail."""
    return Links(settings.portal.base_url, secret_key(settings.keys.folder / _BOUNCE_KEY))


def greylist_key(settings: Settings) -> bytes:
    """Return the key under which greylisting hashes."""
    return secret_key(settings.keys.folder / _GREYLIST_KEY)


def contact_key(settings: Settings) -> bytes:
    """Return the key of what the public form signs: links to its senders, and work for their browsers."""
    return hashlib.blake2b(
        key=secret_key(settings.keys.folder / _BOUNCE_KEY), person=b"contact form"
    ).digest()


def similar_texts_key(settings: Settings) -> bytes:
    """Return the key under which texts are compared: the same for all processes and machines."""
    return hashlib.blake2b(key=greylist_key(settings), person=b"similar texts").digest()
