"""What is to be done, and what was told about it: operations, tasks, the outbox, events."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from whoisproxy.storage.tables.values import ID, NAME, SERIAL, UtcDateTime, metadata

operations = Table(
    "operations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("domain_id", ID, nullable=False, index=True),
    Column("domain", NAME, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("commands", JSON, nullable=False),
    Column("problem_code", String(64), nullable=False),
    Column("problem", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("look_again_at", UtcDateTime),
    Column("awaits", Text, nullable=False, index=True),
    Column("leak_risk", Boolean, nullable=False),
)

# What registrars' backends shall set at their registries; `sealed` is empty once that is over.
registry_tasks = Table(
    "registry_tasks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("domain_id", ID, nullable=False, index=True),
    Column("domain", NAME, nullable=False),
    Column("operation_id", ID, nullable=False, unique=True),
    Column("registrant_id", ID, nullable=False),
    Column("mechanism", String(16), nullable=False),
    Column("hide", Boolean, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("finding", JSON),
    Column("reminded", Boolean, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("looks", Integer, nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_registry_tasks_registrar_id_id", "registrar_id", "id"),
    Index("ix_registry_tasks_state_due_at", "state", "due_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("kind", String(64), nullable=False),
    Column("key", String(300), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("run_at", UtcDateTime, nullable=False),
    Column("worker_id", String(80)),
    Column("lease_until", UtcDateTime),
    Column("problem_code", String(64), nullable=False),
    Index("ix_outbox_state_run_at", "state", "run_at"),
    Index("ix_outbox_key_id", "key", "id"),
)

events = Table(
    "events",
    metadata,
    Column("sequence", SERIAL, primary_key=True, autoincrement=True),
    Column("id", ID, nullable=False, unique=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("type", String(64), nullable=False),
    Column("domain", NAME, nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_events_registrar_id_sequence", "registrar_id", "sequence"),
    sqlite_autoincrement=True,
)
