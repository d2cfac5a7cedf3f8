"""Bear witness to what commands did: which of them changed anything, and what the public saw from then on.

A client's promise not to show a registrant is proved by what the directory showed after every command, not by
what it shows in the end; and a promise to do nothing twice, by which commands had an effect.
"""

from dataclasses import replace

from registries.sandbox import directory
from registries.sandbox.commands import Command
from registries.sandbox.records import ContactRecord, DomainRecord
from registries.sandbox.store import State

_QUESTIONS = frozenset({"check", "info"})


def content(state: State, command: Command) -> ContactRecord | DomainRecord | None:
    """Return the object of a command that may change it, apart from who last wrote it and when."""
    kind, _, verb = command.name.partition(":")
    record: ContactRecord | DomainRecord | None = None
    if kind == "contact" and verb not in _QUESTIONS:
        record = state.contacts.get(command.object_id)
    elif kind == "domain" and verb not in _QUESTIONS:
        record = state.domains.get(command.object_id)
    return record and replace(record, origin=replace(record.origin, updater=None, updated_at=None))


def testify(state: State, command: Command, sequence: int) -> None:
    """Put down that the command of that number had an effect, and what the public now sees of its domains."""
    state.journal.mark_changed(sequence)
    in_contact = command.name.startswith("contact:")
    names = state.domains.with_contact(command.object_id) if in_contact else (command.object_id,)
    for name in names:
        entry = directory.published(state, name)
        state.journal.saw(sequence, name, entry.text() if entry else "")
