"""The registrar's own EPP session in the demonstration.

It registers domains as registrars do, and reads back what the registry holds.
"""

import secrets
from typing import Literal, Self

from registries.contact import Contact, Role
from registries.epp.connector import new_auth_info
from registries.epp.frames import ContactCreate, ContactInfo, DomainContact, DomainCreate, DomainInfo
from registries.epp.postal import postal_forms
from registries.epp.session import Account, Session
from registries.epp.transport import Endpoint
from registries.sandbox.authority import CertificateAuthority

_OTHER_ROLES = (Role.ADMIN, Role.TECH)


class RegistryClient:
    """An EPP session of the registrar's backend."""

    def __init__(self, session: Session, received: list[bytes]) -> None:
        self._session = session
        self._received = received

    @classmethod
    async def open(cls, port: int, authority: CertificateAuthority, account: str, password: str) -> Self:
        """Log in at the sandbox registry on loopback."""
        received: list[bytes] = []

        def keep(direction: Literal["sent", "received"], xml: bytes) -> None:
            if direction == "received":
                received[:] = [xml]

        endpoint = Endpoint("127.0.0.1", port, authority.client_context())
        session = await Session.open(Account("backend", endpoint, account, password), on_frame=keep)
        return cls(session, received)

    async def close(self) -> None:
        """Log out."""
        await self._session.close()

    async def register(self, domain: str, holder: Contact | None) -> None:
        """Register a domain, its contacts first where the registry holds contacts."""
        handle = ""
        others: tuple[DomainContact, ...] = ()
        if holder is not None:
            handle = f"C{secrets.token_hex(6)}"
            contact = ContactCreate(handle, postal_forms(holder), holder.phone, holder.email, new_auth_info())
            await self._session.send(contact)
            others = tuple(DomainContact(role, handle) for role in _OTHER_ROLES)
        await self._session.send(DomainCreate(domain, handle, others, new_auth_info()))

    async def contact_frames(self, domain: str) -> dict[str, bytes]:
        """Return the registry's raw answers to `contact:info` for every contact of a domain, by handle."""
        data = (await self._session.send(DomainInfo(domain))).data
        handles = {data.registrant, *(contact.handle for contact in data.contacts)} - {""}
        frames: dict[str, bytes] = {}
        for handle in sorted(handles):
            await self._session.send(ContactInfo(handle))
            frames[handle] = self._received[-1]
        return frames
