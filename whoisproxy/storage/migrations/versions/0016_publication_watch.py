"""The watch over what the public sees.

The triggers that note every change of privacy are made by `storage.triggers` after all migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the tables; the first watcher plans every domain that is hidden by then."""
    _create_tables()
    _create_evidence()


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
