"""Who has signed in, as pages get him."""

from dataclasses import dataclass, field

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.owner_session import OwnerSession, Stage
from whoisproxy.services.owners.sessions import FoundSession

HOME = "/domains"
"""Where who has signed in comes first."""

SIGN_IN = "/sign-in"
SECURITY = "/security"
SECOND_STEP = "/second-step"
ENROLMENT = "/security/codes"
PROVE = "/prove"

PLACES = {Stage.FULL: HOME, Stage.SECOND_STEP: SECOND_STEP, Stage.ENROLMENT: ENROLMENT}
"""Where a sign-in goes on, by how far it has come."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An owner and his session.

    Attributes:
        found: The session as it stands.
        csrf: What every form of his carries in its field `csrf`.
        language: One of `i18n.LANGUAGES`.
    """

    found: FoundSession
    csrf: str = field(repr=False)
    language: str

    @property
    def session(self) -> OwnerSession:
        """His session."""
        return self.found.session

    @property
    def session_id(self) -> str:
        """Names his session in lists."""
        return self.found.session.id

    @property
    def account(self) -> OwnerAccount:
        """His account."""
        return self.found.account

    @property
    def onward(self) -> str:
        """Where he goes on after a proof: who was in already gives one to change what he signs in with."""
        return SECURITY if self.session.stage is Stage.FULL else HOME

    @property
    def registrar(self) -> Registrar:
        """Whose customer he is."""
        return self.found.registrar
