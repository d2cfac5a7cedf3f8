"""Owners' quarantines, and which held messages they were told of."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "quarantines",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("registrar_id", sa.String(length=40), nullable=False),
        sa.Column("owner_index", sa.LargeBinary(), nullable=False),
        sa.Column("mailbox_index", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("digest_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["registrar_id"], ["registrars.id"], name=op.f("fk_quarantines_registrar_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantines")),
        sa.UniqueConstraint(
            "registrar_id",
            "owner_index",
            "mailbox_index",
            name=op.f("uq_quarantines_registrar_id_owner_index_mailbox_index"),
        ),
    )
    op.create_table(
        "told_messages",
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("digest_id", sa.String(length=40), nullable=False),
        sa.Column("told_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_told_messages")),
    )
    op.create_index("ix_told_messages_digest_id", "told_messages", ["digest_id"])
    op.create_index("ix_told_messages_told_at", "told_messages", ["told_at"])
