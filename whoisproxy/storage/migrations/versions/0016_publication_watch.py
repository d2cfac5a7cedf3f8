"""The watch over what the public sees.

Triggers note every change of privacy, whoever makes it. On SQLite they go when a later migration makes
`privacy` anew (batch mode): such a migration calls `create_triggers` of this one after it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_CHANGED = " OR ".join(
    f"OLD.{column} <> NEW.{column}" for column in ("state", "wanted", "published", "operation_id")
)
# (event, which of its rows, when)
_OCCASIONS = {
    "publication_privacy_made": ("INSERT", "NEW", "NEW.wanted OR NEW.published"),
    "publication_privacy_changed": ("UPDATE", "NEW", _CHANGED),
    "publication_privacy_gone": ("DELETE", "OLD", "OLD.wanted OR OLD.published"),
}


def upgrade() -> None:
    """Make the tables; the first watcher plans every domain that is hidden by then."""
    _create_tables()
    _create_evidence()
    create_triggers()


def create_triggers() -> None:
    """Make the triggers on `privacy`."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, (event, row, when) in _OCCASIONS.items():
        does = f"BEGIN {_note(row)}; END"
        if postgresql:
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN {_note(row)}; RETURN NULL; END $$"
            )
            does = f"EXECUTE FUNCTION {name}()"
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON privacy FOR EACH ROW WHEN ({when}) {does}")


def _note(row: str) -> str:
    values = f"{row}.domain_id, {row}.updated_at"
    return (
        f"INSERT INTO publication_changes (domain_id, changed_at) VALUES ({values})"  # noqa: S608 - words above
        " ON CONFLICT (domain_id) DO UPDATE SET changed_at = excluded.changed_at"
    )


def _create_tables() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "publication_changes",
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("domain_id", name=op.f("pk_publication_changes")),
    )
    op.create_table(
        "publication_watch",
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("soon", sa.Boolean(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=True),
        sa.Column("since", moment, nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("looked_at", moment, nullable=True),
        sa.Column("clean_at", moment, nullable=True),
        sa.Column("told", sa.String(length=8), nullable=False),
        sa.Column("repairs", sa.Integer(), nullable=False),
        sa.Column("repaired_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("domain_id", "place", name=op.f("pk_publication_watch")),
    )
    op.create_index("ix_publication_watch_lane_soon_due_at", "publication_watch", ["lane", "soon", "due_at"])
    op.create_table(
        "publication_lanes",
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("ready_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_publication_lanes")),
    )
    op.create_table(
        "publication_directories",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_publication_directories")),
    )
    op.create_table(
        "publication_sightings",
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("server", sa.String(length=270), nullable=False),
        sa.Column("referred", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("doubt", sa.String(length=16), nullable=True),
        sa.Column("since", moment, nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("clean_at", moment, nullable=True),
        sa.PrimaryKeyConstraint(
            "domain_id", "place", "source", "server", name=op.f("pk_publication_sightings")
        ),
    )


def _create_evidence() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "publication_evidence",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("registrant_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("server", sa.String(length=270), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("taken_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registrant_id"],
            ["registrants.id"],
            name=op.f("fk_publication_evidence_registrant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_evidence")),
    )
    for column in ("domain_id", "registrant_id", "expires_at"):
        op.create_index(f"ix_publication_evidence_{column}", "publication_evidence", [column])
