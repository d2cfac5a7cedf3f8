"""What owners ask for about their own data, corrections and exports; and who has read them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_MOMENT = sa.DateTime(timezone=True)
_ID = sa.String(length=40)


def upgrade() -> None:
    """Make the tables, and a place for what tells equal registrants without opening them."""
    op.add_column("registrants", sa.Column("data_index", sa.LargeBinary(), nullable=True))
    op.create_table(
        "corrections",
        sa.Column("id", _ID, nullable=False),
        sa.Column("registrar_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("registrant_ids", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registrar_id"], ["registrars.id"], name=op.f("fk_corrections_registrar_id")
        ),
        _of_account("corrections"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_ended_at", "corrections", ["ended_at"])
    op.create_index("ix_corrections_account_id_id", "corrections", ["account_id", "id"])
    op.create_index("ix_corrections_registrar_id_state_id", "corrections", ["registrar_id", "state", "id"])
    op.create_table(
        "owner_exports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("size_octets", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        _of_account("owner_exports"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_exports")),
    )
    op.create_index("ix_owner_exports_account_id", "owner_exports", ["account_id"])
    op.create_index("ix_owner_exports_expires_at", "owner_exports", ["expires_at"])
    op.create_table(
        "registrant_reads",
        sa.Column("registrant_id", _ID, nullable=False),
        sa.Column("key_id", _ID, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registrant_id"],
            ["registrants.id"],
            name=op.f("fk_registrant_reads_registrant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registrant_id", "key_id", name=op.f("pk_registrant_reads")),
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["owner_accounts.id"], name=op.f(f"fk_{table}_account_id"), ondelete="CASCADE"
    )
