"""Mailboxes that owners have named for their mail, and which of them a domain's mail goes to."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_MOMENT = sa.DateTime(timezone=True)
_ID = sa.String(length=40)


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "owner_mailboxes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("mailbox_index", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("verified_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["owner_accounts.id"],
            name=op.f("fk_owner_mailboxes_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_mailboxes")),
        sa.UniqueConstraint(
            "account_id", "mailbox_index", name=op.f("uq_owner_mailboxes_account_id_mailbox_index")
        ),
    )
    op.add_column("privacy", sa.Column("mailbox_id", _ID, nullable=False, server_default=""))
    op.create_index("ix_privacy_mailbox_id", "privacy", ["mailbox_id"])
