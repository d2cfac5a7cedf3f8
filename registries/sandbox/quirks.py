"""The quirks of the sandbox: what each does and where, and bundles of them as they were met in the field."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from registries.sandbox.settings import Quirk


class Place(StrEnum):
    """The part of the sandbox in which a quirk lives."""

    WIRE = "wire"  # framing: the octets of an answer to a command on objects or to a poll
    SESSION = "session"  # session and faults: order, identifiers, delays, ends of connections
    REGISTRY = "registry"  # service and handlers: what is offered, done and stored


QUIRKS: Mapping[Quirk, tuple[Place, str]] = MappingProxyType(
    {
        Quirk.DISCLOSE_IGNORED: (
            Place.REGISTRY,
            "contact:update answers 1000 and leaves disclosure as it was",
        ),
        Quirk.DISCLOSE_RESET: (
            Place.REGISTRY,
            "each contact:update makes public every field that it does not name",
        ),
        Quirk.DISCLOSE_UNNAMED_PUBLIC: (
            Place.REGISTRY,
            "a disclose element makes public every field that it does not name",
        ),
        Quirk.DISCLOSE_UNTYPED: (
            Place.REGISTRY,
            "disclose has name, org and addr without type, for both forms, sent and taken (as at .fi)",
        ),
        Quirk.NOT_APPLIED: (Place.REGISTRY, "a transform is answered 1000 and changes nothing"),
        Quirk.PENDING: (Place.REGISTRY, "a transform is answered 1001, then approved by a poll message"),
        Quirk.PENDING_REFUSED: (
            Place.REGISTRY,
            "a transform is answered 1001, then refused by a poll message",
        ),
        Quirk.MINIMUM_DATA_SET: (
            Place.REGISTRY,
            "no contacts: a login that names them is answered 2307, contact:check 2101",
        ),
        Quirk.CONTACTS_REFUSED: (
            Place.REGISTRY,
            "the greeting offers contacts, a login that names them is answered 2307",
        ),
        Quirk.FAIL_AT_RANDOM: (Place.SESSION, "a part of the commands is answered 2400 and not carried out"),
        Quirk.OUT_OF_ORDER: (Place.SESSION, "pipelined commands are answered in another order"),
        Quirk.CLOSE_AFTER_2101: (Place.SESSION, "the connection is closed after 2101"),
        Quirk.CLOSE_AT_RANDOM: (Place.SESSION, "the connection is closed after a part of the answers"),
        Quirk.DISCONNECT_AT_RANDOM: (
            Place.SESSION,
            "the connection is cut at a part of the commands, before or after they are carried out",
        ),
        Quirk.DROP_REPEATED: (Place.SESSION, "a clTRID that anyone used before cuts the connection"),
        Quirk.COMMAND_CAP: (Place.SESSION, "a session's 1201st command is answered 2502 and ends it"),
        Quirk.ERROR_DELAY: (Place.SESSION, "answers from 2000 on are held back for three seconds"),
        Quirk.CLTRID_MISMATCH: (Place.SESSION, "answers have the clTRID of no command"),
        Quirk.SPLIT_HEADER: (Place.WIRE, "the four octets of the length come in two segments"),
        Quirk.TRUNCATED_FRAME: (Place.WIRE, "half a frame is sent, then the connection is closed"),
        Quirk.OVERSIZE_LENGTH: (Place.WIRE, "the length says two gigabytes"),
        Quirk.DOCTYPE: (Place.WIRE, "the answer has a DOCTYPE"),
    }
)
"""Where each quirk lives, and what it does."""

PROFILES: Mapping[str, frozenset[Quirk]] = MappingProxyType(
    {
        # An independent registry server, as it answered.
        "forgetful": frozenset(
            {
                Quirk.DISCLOSE_RESET,
                Quirk.DISCLOSE_UNNAMED_PUBLIC,
                Quirk.OUT_OF_ORDER,
                Quirk.CLOSE_AFTER_2101,
                Quirk.DROP_REPEATED,
            }
        ),
        # A bad day: nothing is lost, and nothing can be relied on.
        "flaky": frozenset(
            {
                Quirk.DISCONNECT_AT_RANDOM,
                Quirk.CLOSE_AT_RANDOM,
                Quirk.FAIL_AT_RANDOM,
                Quirk.SPLIT_HEADER,
            }
        ),
        # A registry whose staff looks at each change, with the session limits of a small one.
        "slow": frozenset({Quirk.PENDING, Quirk.COMMAND_CAP, Quirk.ERROR_DELAY}),
    }
)
"""Quirks that come together."""
