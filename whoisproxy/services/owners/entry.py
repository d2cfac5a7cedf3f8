"""All that lets owners in, put together."""

from dataclasses import dataclass
from typing import Self

from whoisproxy.services.owners.passkeys import Passkeys
from whoisproxy.services.owners.passwords import Passwords
from whoisproxy.services.owners.sessions import OwnerSessions
from whoisproxy.services.owners.sign_in import SignIn
from whoisproxy.services.owners.sign_in_methods import SignInMethods
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True)
class OwnerEntry:
    """The services of sign-in on one database."""

    sessions: OwnerSessions
    sign_in: SignIn
    passkeys: Passkeys
    methods: SignInMethods

    @classmethod
    def on(cls, storage: Storage, clock: Clock, passwords: Passwords | None = None) -> Self:
        """Put them on a database."""
        passwords = passwords or Passwords()
        sessions = OwnerSessions(storage, clock)
        return cls(
            sessions,
            SignIn(storage, sessions, passwords, clock),
            Passkeys(storage, sessions, clock),
            SignInMethods(storage, sessions, passwords, clock),
        )
