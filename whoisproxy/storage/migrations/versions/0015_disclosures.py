"""Grants of disclosure, and the looks that were taken."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "disclosure_grants",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("registrar_id", sa.String(length=40), nullable=False),
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("registrant_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ending", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["registrar_id"], ["registrars.id"], name=op.f("fk_disclosure_grants_registrar_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_grants")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_disclosure_grants_token_hash")),
    )
    op.create_index("ix_disclosure_grants_domain_id", "disclosure_grants", ["domain_id"])
    op.create_index(
        "ix_disclosure_grants_registrar_id_domain_id",
        "disclosure_grants",
        ["registrar_id", "domain", "id"],
    )
    op.create_index(
        "ix_disclosure_grants_ended_at_expires_at", "disclosure_grants", ["ended_at", "expires_at"]
    )
    op.create_table(
        "disclosure_looks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("grant_id", sa.String(length=40), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["disclosure_grants.id"],
            name=op.f("fk_disclosure_looks_grant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_looks")),
    )
    op.create_index("ix_disclosure_looks_grant_id", "disclosure_looks", ["grant_id", "id"])
