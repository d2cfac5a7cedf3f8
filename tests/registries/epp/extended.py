"""A registry that hides contacts in its own way only: one domain, one contact and the state of a switch.

It understands nothing but its own extension, so that a client which says it in other words changes nothing.
"""

from dataclasses import dataclass, field

from lxml import etree

from registries.epp.markup import (
    AFNIC,
    CONTACT,
    CORE,
    DNS_LU,
    DOMAIN,
    EPP,
    EURID_1_4,
    FURY,
    NORID,
    REGISTRO_IT,
    SECDNS,
    TANGO,
)
from tests.registries.epp.peer import Connection, transaction_of

DISCLOSED = "<contact:name type='loc'/><contact:addr type='loc'/><contact:voice/><contact:email/>"


@dataclass(frozen=True)
class Way:
    """How a registry shows its switch, and by which update it sets it.

    Attributes:
        uri: Announced in the greeting, and `x:` below; "" for RFC 5733.
        hidden: The extension of an info answer while hidden; likewise `shown`.
        hides: XPath that finds something in an update that hides; likewise `shows`.
        per_domain: Whether domains have the switch rather than contacts.
        disclose: What the contact's own data show of disclosure, in either state.
    """

    uri: str
    hidden: str
    shown: str
    hides: str
    shows: str
    per_domain: bool = False
    disclose: tuple[str, str] = ("", "")


def _afnic(inside: str) -> str:
    return f"<x:ext><x:resData><x:infData><x:contact>{inside}</x:contact></x:infData></x:resData></x:ext>"


def _consent(value: str) -> str:
    return f"<x:infData><x:consentForPublishing>{value}</x:consentForPublishing></x:infData>"


def _flags(flag: int) -> str:
    flags = f'<x:disclose><x:name flag="{flag}"/><x:addr flag="{flag}"/></x:disclose>'
    return _afnic(f"<x:type>holder_pers</x:type>{flags}")


def _mobile(flag: int) -> str:
    disclose = f'<x:disclose flag="{flag}"><x:mobilePhone/></x:disclose>'
    return f"<x:infData><x:type>person</x:type><x:mobilePhone>+47.1</x:mobilePhone>{disclose}</x:infData>"


def _property(value: str) -> str:
    pair = f"<x:property><x:key>PRIVACY</x:key><x:value>{value}</x:value></x:property>"
    return f"<x:info><x:properties>{pair}</x:properties></x:info>"


def _privacy(disclose: str) -> str:
    return f'<x:infData><x:disclosure><x:natural disclose="{disclose}"/></x:disclosure></x:infData>'


_DISCLOSE = tuple(f'<contact:disclose flag="{flag}">{DISCLOSED}</contact:disclose>' for flag in (0, 1))
_RFC = (_DISCLOSE[0], _DISCLOSE[1])
_RFC_HIDES = (
    "//contact:chg/contact:disclose[@flag='0'][contact:name[@type='loc']][contact:voice][contact:email]"
)
_RFC_SHOWS = _RFC_HIDES.replace("'0'", "'1'")
_CONSENT = "//x:update[x:consentForPublishing='{}']"
_FLAGS = (
    "//x:update/x:contact[x:add/x:disclose[x:name/@flag={0}][x:addr/@flag={0}]]"
    "[x:rem/x:disclose[x:name/@flag={1}][x:addr/@flag={1}]]"
)
_MOBILE = "//x:update/x:chg/x:disclose[@flag={}]/x:mobilePhone"
_PROPERTY = "//x:update[x:add//x:property[x:key='PRIVACY']/x:value='{}'][x:rem//x:value='{}']"
_PRIVACY = "//x:update/x:chg/x:disclosure/x:natural[@disclose='{}']"
_TANGO = (_privacy("false"), _privacy("true"), _PRIVACY.format("false"), _PRIVACY.format("true"), True)

WAYS = {
    "RFC 5733": Way("", "", "", _RFC_HIDES, _RFC_SHOWS, disclose=_RFC),
    "AFNIC": Way(
        AFNIC,
        _afnic("<x:list>restrictedPublication</x:list>"),
        _afnic("<x:firstName>Zoë</x:firstName>"),
        "//x:update/x:contact/x:add[x:list='restrictedPublication']",
        "//x:update/x:contact/x:rem[x:list='restrictedPublication']",
    ),
    "Registro.it": Way(
        REGISTRO_IT, _consent("false"), _consent("true"), _CONSENT.format("false"), _CONSENT.format("true")
    ),
    "DNS-LU": Way(DNS_LU, _flags(0), _flags(1), _FLAGS.format(0, 1), _FLAGS.format(1, 0)),
    "Norid": Way(NORID, _mobile(0), _mobile(1), _MOBILE.format(0), _MOBILE.format(1), disclose=_RFC),
    "EURid": Way(
        EURID_1_4,
        "<x:infData><x:type>registrant</x:type><x:whoisEmail>{email}</x:whoisEmail>"
        "<x:naturalPerson>true</x:naturalPerson></x:infData>",
        "<x:infData><x:type>registrant</x:type><x:naturalPerson>false</x:naturalPerson></x:infData>",
        "//x:update/x:chg/x:naturalPerson[.='true']",
        "//none",
    ),
    "Fury without PRIVACY": Way(FURY, "", "", _RFC_HIDES, _RFC_SHOWS, disclose=_RFC),
    "CIRA": Way(
        FURY,
        _property("PRIVATE"),
        _property("PUBLIC"),
        _PROPERTY.format("PRIVATE", "PUBLIC"),
        _PROPERTY.format("PUBLIC", "PRIVATE"),
        per_domain=True,
    ),
    "Tango": Way(TANGO, *_TANGO),
    "CORE": Way(CORE, *_TANGO),
}


@dataclass
class ExtendedRegistry:
    """Serves any number of connections, one after the other; give `serve` to `scripted_registry`.

    Attributes:
        deaf: Answer 1000 to every update and change nothing.
        organization: Of the only contact.
        updates: Every update as it came; likewise `commands`.
    """

    way: Way
    hidden: bool = False
    deaf: bool = False
    organization: str = ""
    email: str = ""
    updates: list[bytes] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)

    async def serve(self, connection: Connection) -> None:
        uris = [uri for uri in (self.way.uri, SECDNS) if uri]
        extensions = "".join(f"<extURI>{uri}</extURI>" for uri in uris)
        objects = "".join(f"<objURI>{uri}</objURI>" for uri in (DOMAIN, CONTACT))
        await connection.send(
            f'<epp xmlns="{EPP}"><greeting><svID>Extended</svID><svcMenu><version>1.0</version>'
            f"<lang>en</lang>{objects}<svcExtension>{extensions}</svcExtension></svcMenu></greeting></epp>".encode()
        )
        while True:
            frame = await connection.receive()
            self.commands.append(frame)
            data, extension = self._answer(etree.fromstring(frame), frame)
            client = transaction_of(frame).decode()
            await connection.send(
                f'<epp xmlns="{EPP}" xmlns:x="{self.way.uri or "urn:none"}" xmlns:contact="{CONTACT}" '
                f'xmlns:domain="{DOMAIN}" xmlns:secDNS="{SECDNS}"><response><result code="1000"><msg>ok</msg>'
                f"</result><resData>{data}</resData><extension>{extension}</extension>"
                f"<trID><clTRID>{client}</clTRID><svTRID>S-1</svTRID></trID></response></epp>".encode()
            )

    def _answer(self, command: etree._Element, frame: bytes) -> tuple[str, str]:
        switch = self.way.hidden.format(email=self.email) if self.hidden else self.way.shown
        if command.find(f".//{{{DOMAIN}}}info") is not None:
            return self._domain(), _SIGNED + (switch if self.way.per_domain else "")
        if command.find(f".//{{{CONTACT}}}info") is not None:
            return self._contact(), "" if self.way.per_domain else switch
        if command.find(f".//{{{EPP}}}update") is not None:
            self.updates.append(frame)
            self._update(command)
        return "", ""

    def _update(self, command: etree._Element) -> None:
        spaces = {"x": self.way.uri or "urn:none", "contact": CONTACT}
        email = command.findtext(".//x:whoisEmail", self.email, spaces)
        if not self.deaf:
            self.email = email
            self.hidden = bool(command.xpath(self.way.hides, namespaces=spaces)) or (
                self.hidden and not command.xpath(self.way.shows, namespaces=spaces)
            )

    def _domain(self) -> str:
        return (
            "<domain:infData><domain:name>zoe.example</domain:name><domain:roid>D-1</domain:roid>"
            '<domain:status s="ok"/><domain:registrant>H-1</domain:registrant>'
            '<domain:contact type="admin">H-1</domain:contact><domain:clID>registrar-1</domain:clID>'
            "</domain:infData>"
        )

    def _contact(self) -> str:
        return (
            "<contact:infData><contact:id>H-1</contact:id><contact:roid>C-1</contact:roid>"
            '<contact:status s="linked"/><contact:postalInfo type="loc">'
            "<contact:name>Zoë Müller</contact:name>"
            f"<contact:org>{self.organization}</contact:org><contact:addr><contact:city>Genève</contact:city>"
            "<contact:cc>CH</contact:cc></contact:addr></contact:postalInfo><contact:voice>+41.1</contact:voice>"
            f"<contact:email>zoe@home.example</contact:email>{self.way.disclose[0 if self.hidden else 1]}"
            "</contact:infData>"
        )


_SIGNED = (
    "<secDNS:infData><secDNS:dsData><secDNS:keyTag>12345</secDNS:keyTag><secDNS:alg>13</secDNS:alg>"
    "<secDNS:digestType>2</secDNS:digestType><secDNS:digest>49FD46E6</secDNS:digest></secDNS:dsData>"
    "</secDNS:infData>"
)
