"""A raw client that knows only frames (RFC 5734), commands as text, and the official schemas."""

import asyncio
import contextlib
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from lxml import etree

SCHEMAS = Path(__file__).parents[4] / "shared" / "data" / "epp" / "xsd" / "icann"
ACCOUNTS = {"registrar-a": "password-a", "registrar-b": "password-b"}

NAMESPACES = {
    "epp": "urn:ietf:params:xml:ns:epp-1.0",
    "contact": "urn:ietf:params:xml:ns:contact-1.0",
    "domain": "urn:ietf:params:xml:ns:domain-1.0",
    "host": "urn:ietf:params:xml:ns:host-1.0",
    "secDNS": "urn:ietf:params:xml:ns:secDNS-1.1",
}


def _load_schema() -> etree.XMLSchema | None:
    if not SCHEMAS.is_dir():
        return None
    imports = "".join(
        f'<import namespace="urn:ietf:params:xml:ns:{name}" schemaLocation="{SCHEMAS / name}.xsd"/>'
        for name in ("eppcom-1.0", "epp-1.0", "host-1.0", "contact-1.0", "domain-1.0", "secDNS-1.1")
    )
    return etree.XMLSchema(etree.XML(f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'))


SCHEMA = _load_schema()


class Reply:
    """An answer as XML, valid by the schemas where we have them."""

    def __init__(self, payload: bytes) -> None:
        self.raw = payload
        self.root = etree.fromstring(payload)
        if SCHEMA is not None:
            SCHEMA.assertValid(self.root)

    @property
    def code(self) -> int:
        return int(self.all("//epp:result/@code")[0])

    @property
    def message(self) -> str:
        return self.all("//epp:result/epp:msg")[0]

    def all(self, path: str) -> list[str]:
        """Return the texts of elements, or the values of attributes, that an XPath finds."""
        found = cast("list[etree._Element | str]", self.root.xpath(path, namespaces=NAMESPACES))
        return [item if isinstance(item, str) else item.text or "" for item in found]

    def names(self, path: str) -> list[str]:
        found = cast("list[etree._Element]", self.root.xpath(path, namespaces=NAMESPACES))
        return [etree.QName(item).localname for item in found]


class RawClient:
    """Frames over TLS, nothing more; async context manager that reads the greeting."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("localhost", self._port, ssl=self._context)
        try:
            self.greeting = await self.receive()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        self.writer.close()
        # The server may have cut the connection: that is what some tests ask for.
        with contextlib.suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()

    async def send_octets(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def receive(self) -> Reply:
        size = int.from_bytes(await self.reader.readexactly(4), "big")
        return Reply(await self.reader.readexactly(size - 4))

    async def ask(self, payload: str | bytes) -> Reply:
        await self.send_octets(frame(payload))
        return await self.receive()

    async def command(self, verb: str, transaction: str = "client-1") -> Reply:
        return await self.ask(command(verb, transaction))

    async def succeed(self, verb: str) -> Reply:
        reply = await self.command(verb)
        assert reply.code == 1000, reply.message
        return reply

    async def login(self, account: str = "registrar-a", *, services: tuple[str, ...] | None = None) -> Reply:
        return await self.command(login(account, ACCOUNTS[account], services=services))

    async def is_closed(self) -> bool:
        try:
            return await self.reader.read(1) == b""
        except (OSError, ssl.SSLError):
            return True


def frame(payload: str | bytes) -> bytes:
    octets = payload.encode() if isinstance(payload, str) else payload
    return (len(octets) + 4).to_bytes(4, "big") + octets


def command(verb: str, transaction: str = "client-1") -> str:
    """Wrap a verb; the conventional prefixes are declared."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'<epp xmlns="{NAMESPACES["epp"]}" {declared}><command>{verb}'
        f"<clTRID>{transaction}</clTRID></command></epp>"
    )


def login(
    account: str,
    password: str,
    *,
    services: tuple[str, ...] | None = None,
    version: str = "1.0",
    lang: str = "en",
    new_password: str = "",
    extension: str = "",
) -> str:
    uris = services or (NAMESPACES["contact"], NAMESPACES["domain"], NAMESPACES["host"])
    return (
        f"<login><clID>{account}</clID><pw>{password}</pw>"
        + (f"<newPW>{new_password}</newPW>" if new_password else "")
        + f"<options><version>{version}</version><lang>{lang}</lang></options><svcs>"
        + "".join(f"<objURI>{uri}</objURI>" for uri in uris)
        + (f"<svcExtension><extURI>{extension}</extURI></svcExtension>" if extension else "")
        + "</svcs></login>"
    )


CONTACT_BODY = (
    '<contact:postalInfo type="loc"><contact:name>Anna Müller</contact:name>'
    "<contact:org>Münze AG</contact:org>"
    "<contact:addr><contact:street>Gässli 1</contact:street><contact:street>Hof</contact:street>"
    "<contact:city>Zürich</contact:city><contact:sp>ZH</contact:sp><contact:pc>8001</contact:pc>"
    "<contact:cc>CH</contact:cc></contact:addr></contact:postalInfo>"
    '<contact:voice x="12">+41.446681800</contact:voice><contact:fax>+41.446681801</contact:fax>'
    "<contact:email>anna@home.example</contact:email>"
    "<contact:authInfo><contact:pw>contact-secret</contact:pw></contact:authInfo>"
)
DISCLOSED = (
    '<contact:name type="loc"/><contact:org type="loc"/><contact:addr type="loc"/>'
    "<contact:voice/><contact:fax/><contact:email/>"
)


def contact_create(handle: str, body: str = CONTACT_BODY, disclose: str = "") -> str:
    return (
        f"<create><contact:create><contact:id>{handle}</contact:id>{body}{disclose}</contact:create></create>"
    )


def disclose(flag: int, fields: str = DISCLOSED) -> str:
    return f'<contact:disclose flag="{flag}">{fields}</contact:disclose>'


def contact_update(handle: str, body: str) -> str:
    return f"<update><contact:update><contact:id>{handle}</contact:id>{body}</contact:update></update>"


def on_contact(verb: str, handle: str, rest: str = "") -> str:
    return f"<{verb}><contact:{verb}><contact:id>{handle}</contact:id>{rest}</contact:{verb}></{verb}>"


def on_domain(verb: str, name: str, rest: str = "") -> str:
    return f"<{verb}><domain:{verb}><domain:name>{name}</domain:name>{rest}</domain:{verb}></{verb}>"


def domain_create(name: str, parts: str = "<domain:registrant>owner-1</domain:registrant>") -> str:
    authorization = "<domain:authInfo><domain:pw>domain-secret</domain:pw></domain:authInfo>"
    return on_domain("create", name, parts + authorization)


def domain_update(name: str, *, add: str = "", rem: str = "", chg: str = "") -> str:
    """Return a domain:update of the parts that are not empty."""
    parts = (("add", add), ("rem", rem), ("chg", chg))
    return on_domain(
        "update", name, "".join(f"<domain:{tag}>{body}</domain:{tag}>" for tag, body in parts if body)
    )


def on_host(verb: str, name: str, rest: str = "") -> str:
    return f"<{verb}><host:{verb}><host:name>{name}</host:name>{rest}</host:{verb}></{verb}>"


def transfer(operation: str, kind: str, name: str, *, secret: str = "", period: str = "") -> str:
    """Return a transfer command of a contact or domain."""
    key = "id" if kind == "contact" else "name"
    shown = f"<{kind}:authInfo><{kind}:pw>{secret}</{kind}:pw></{kind}:authInfo>" if secret else ""
    return (
        f'<transfer op="{operation}"><{kind}:transfer><{kind}:{key}>{name}</{kind}:{key}>{period}{shown}'
        f"</{kind}:transfer></transfer>"
    )


def ds_data(
    key_tag: object = 12345, algorithm: object = 13, digest_type: object = 2, digest: str = "AB" * 32
) -> str:
    return (
        f"<secDNS:dsData><secDNS:keyTag>{key_tag}</secDNS:keyTag><secDNS:alg>{algorithm}</secDNS:alg>"
        f"<secDNS:digestType>{digest_type}</secDNS:digestType><secDNS:digest>{digest}</secDNS:digest>"
        "</secDNS:dsData>"
    )


DS_DATA = ds_data()


def ds_create(body: str) -> str:
    """Return the extension that follows a domain:create."""
    return f"<extension><secDNS:create>{body}</secDNS:create></extension>"


def ds_update(body: str, attributes: str = "") -> str:
    """Return the extension that follows a domain:update."""
    return f"<extension><secDNS:update {attributes}>{body}</secDNS:update></extension>"
