"""The page of the key that mail to an owner is encrypted with: shown, pasted, given as a file, taken away."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.web_request import FileField

from mailrelay.rewriting.encryption import UnusableKey
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, name_in
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.mail_settings.domain_page import DomainPage, of_his

METHODS: Mapping[str, str] = {"openpgp": N_("OpenPGP"), "smime": N_("S/MIME certificate")}
TROUBLES: Mapping[str, str] = {
    "expired": N_("It has expired. Please extend it, or give another one."),
    "not-yet-valid": N_("It is not valid yet."),
    "revoked": N_("It was revoked by whoever has it."),
    "no-encryption-key": N_("It only signs: there is no key in it that mail can be encrypted with."),
    "not-for-encryption": N_("It says of itself that it is not meant to encrypt mail."),
    "secret-key": N_(
        "This is your secret key, which nobody else may have. It was not kept. Please give the public one."
    ),
    "several-keys": N_("There are several keys in it. Please give yours alone."),
    "unsupported-algorithm": N_("Its algorithm is not supported; certificates have to be RSA."),
    "key-too-short": N_("It is too short to be safe. It needs 2,048 bits at least."),
    "too-large": N_("It is too large: 64 kB at most."),
    "not-a-key": N_("This is neither an OpenPGP key nor an X.509 certificate."),
}
_MOST_OCTETS = 64 * 1024
_GROUP = 4


class KeyPage(DomainPage):
    """Shows whose key it is; takes another one, if it can be used."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show it."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Take a key, or take it away, if what was proven is fresh."""
        if not self._is_fresh(owner):
            return await self._to_proof(request, owner, "key")
        form = await request.post()
        match form.get("do"):
            case "set":
                octets = _given(form.get("file"), form.get("text")) or b"-"
            case "remove":
                octets = b""
            case _:
                raise NoSuchLink
        try:
            await of_his(self._deps.mail_settings.set_key(owner.found, name_in(request), octets))
        except UnusableKey as error:
            return await self._page(request, owner, error.reason)
        except InvalidInput:
            return await self._page(request, owner, "too-large")
        return self._saved(request, "mail/key")

    async def _page(self, request: web.Request, owner: SignedIn, refused: str = "") -> web.Response:
        mail = await of_his(self._deps.mail_settings.of_domain(owner.account, name_in(request)))
        return self._named(
            request,
            owner,
            "key",
            422 if refused else 200,
            refused=TROUBLES.get(refused, TROUBLES["not-a-key"]) if refused else "",
            trouble=TROUBLES.get(mail.key_trouble, TROUBLES["not-a-key"]) if mail.key_trouble else "",
            key=mail.key,
            facts=mail.key.facts() if mail.key else None,
            fingerprint=_grouped(mail.key.fingerprint) if mail.key else "",
            methods=METHODS,
        )


def _given(file: object, text: object) -> bytes:
    """Return what was given, a file before what was pasted; one octet too many shows that it is too large."""
    if isinstance(file, FileField) and (octets := file.file.read(_MOST_OCTETS + 1)):
        return octets
    return text.strip().encode() if isinstance(text, str) else b""


def _grouped(fingerprint: str) -> str:
    return " ".join(fingerprint[at : at + _GROUP].upper() for at in range(0, len(fingerprint), _GROUP))
