"""Corrections: what an owner says is wrong in his registration data, and what his registrar made of it.

A correction names fields and their new values; it changes nothing until the registrar, who has to stand for
the data, applies it. What changed meanwhile stays as it is in all other fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.registrant import Registrant

CORRECTABLE = (
    "name",
    "organization",
    "email",
    "phone",
    "street",
    "city",
    "region",
    "postal_code",
    "country_code",
)
"""Fields of `Registrant` that an owner may correct, in the order of the form; not his language."""

MOST_A_DAY = 20
"""Corrections that one owner may ask for within a day."""

WHOLE = "registrant"
"""`InvalidInput.field` of what is wrong with all fields together."""

SAME = "is the same as before"
ANOTHER_HOLDER = "has another name and another mailbox: that is another holder"


class CorrectionState(StrEnum):
    """Where a correction stands."""

    OPEN = "open"  # the registrar has to decide
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by the owner, or by a later one of the same registrant


@dataclass(frozen=True, slots=True)
class Correction:
    """What an owner asks for.

    Attributes:
        registrant_ids: Whose data they are: of every domain that had the same data when he asked.
        changes: New values by field, in the shape of `Registrant.as_dict`; stored sealed.
        ended_at: None while it is open.
        reason: Why the registrar refused, "" else; stored sealed.
    """

    id: str
    registrar_id: str
    account_id: str
    registrant_ids: tuple[str, ...]
    changes: Mapping[str, object] = field(repr=False)
    created_at: datetime
    state: CorrectionState = CorrectionState.OPEN
    ended_at: datetime | None = None
    reason: str = field(default="", repr=False)

    @property
    def is_open(self) -> bool:
        """Whether the registrar has yet to decide."""
        return self.state is CorrectionState.OPEN

    def applied_to(self, registrant: Registrant) -> Registrant:
        """Return a registrant with the new values.

        Raises:
            InvalidInput: What he is called by now, with these, is no registrant or another holder.
        """
        corrected = Registrant.parse({**registrant.as_dict(), **self.changes})
        if corrected.name != registrant.name and corrected.email != registrant.email:
            raise InvalidInput(WHOLE, ANOTHER_HOLDER)
        return corrected


def changes_of(registrant: Registrant, wanted: Mapping[str, object]) -> dict[str, object]:
    """Return what an owner wants to have otherwise, normalised.

    Args:
        registrant: As he is held.
        wanted: Values by field; what is absent stays.

    Raises:
        InvalidInput: A field breaks its rule, nothing would change, or it would be another holder: whoever
            has both another name and another mailbox (`services.registration`).
    """
    before = registrant.as_dict()
    kept = {name: wanted[name] for name in CORRECTABLE if name in wanted}
    after = Registrant.parse({**before, **kept}).as_dict()
    changes = {name: after[name] for name in CORRECTABLE if after[name] != before[name]}
    if not changes:
        raise InvalidInput(WHOLE, SAME)
    if {"name", "email"} <= changes.keys():
        raise InvalidInput(WHOLE, ANOTHER_HOLDER)
    return changes
