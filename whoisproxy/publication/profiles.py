"""What may be seen of a holder who is not hidden, and what counts as withheld, by the profile of a TLD.

A rule of the catalogue names the profile (`registries.policy.Profile`); where it names none, TLDs of two
letters are countries' and for the others we are the registrar. A registry that uses us as its directory gives
its TLD a rule with `profile = "registry"`.
"""

from collections.abc import Mapping

from registries.policy import Mechanism, Profile, Reason, Shown, TldPolicy
from whoisproxy.publication.record import Field

EVERYTHING = frozenset(Field)
# Shown everywhere: ICANN's policy redacts neither.
_ALWAYS_SEEN = frozenset({Field.REGION, Field.COUNTRY_CODE})

# Listed as withheld wherever it is not shown, even if we do not have it. RDAP response profile 2.2 and 2.7:
# the id of a domain or contact is there or counts as redacted. In place of an e-mail there always is a page.
_ALWAYS_LISTED: Mapping[Profile, frozenset[Field]] = {
    Profile.REGISTRAR: frozenset({Field.REGISTRY_ID, Field.EMAIL}),
    Profile.REGISTRY: frozenset({Field.REGISTRY_ID, Field.EMAIL}),
    Profile.CCTLD: frozenset({Field.EMAIL}),
}

# What a country's registry shows -> what we show. Whoever is shown by nobody's rule is not shown by us.
_VISIBLE: Mapping[Shown, frozenset[Field]] = {
    Shown.NAME: frozenset({Field.NAME, Field.ORGANIZATION}),
    Shown.ADDRESS: frozenset({Field.STREET, Field.CITY, Field.POSTAL_CODE}),
    Shown.PHONE: frozenset({Field.PHONE}),
    Shown.EMAIL: frozenset({Field.EMAIL}),
    Shown.ID_NUMBER: frozenset(),
    Shown.NOTHING: frozenset(),
    Shown.EVERYTHING: EVERYTHING,
    Shown.REGISTRAR_DECIDES: EVERYTHING,
    Shown.REGISTRY_SWITCH: EVERYTHING,
    Shown.UNKNOWN: frozenset(),
}


def visible(policy: TldPolicy, *, organization: bool) -> frozenset[Field]:
    """Return the fields of a holder who is not hidden that the public may see: no more than elsewhere.

    Of a gTLD the registrar decides, which has told us the holder in order to show him.

    Args:
        policy: Rule of the TLD.
        organization: Whether the holder is one; where it is not known what is shown of those, as of a person.
    """
    if policy.reason is Reason.ALREADY_REDACTED:
        return _ALWAYS_SEEN
    # Of a registry with a flag of its own we set it: whoever is not hidden has been shown by us.
    if policy.profile is not Profile.CCTLD or policy.mechanism is Mechanism.REGISTRY_FLAG:
        return EVERYTHING
    persons, organizations = policy.natural_persons, policy.organisations
    shown = organizations if organization and Shown.UNKNOWN not in organizations else persons
    return _ALWAYS_SEEN.union(*(_VISIBLE[each] for each in shown), _ids(shown))


def _ids(shown: tuple[Shown, ...]) -> frozenset[Field]:
    # The id of a contact object says nothing of a person; where all else is secret, it is as well.
    return frozenset() if Shown.NOTHING in shown or Shown.UNKNOWN in shown else frozenset({Field.REGISTRY_ID})


def listed(profile: Profile) -> frozenset[Field]:
    """Return the fields that count as withheld wherever they are not shown."""
    return _ALWAYS_LISTED[profile]
