"""Suspect mailboxes of registrants, and which correspondents were told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "suspect_mailboxes",
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("mailbox_index", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["registrants.id"],
            name=op.f("fk_suspect_mailboxes_owner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner_id", "mailbox_index", name=op.f("pk_suspect_mailboxes")),
    )
    op.create_table(
        "told_correspondents",
        sa.Column("relay_id", sa.String(length=40), nullable=False),
        sa.Column("correspondent_index", sa.LargeBinary(), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["registrants.id"],
            name=op.f("fk_told_correspondents_owner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("relay_id", "correspondent_index", name=op.f("pk_told_correspondents")),
    )
    op.create_index("ix_told_correspondents_owner_id", "told_correspondents", ["owner_id"])
