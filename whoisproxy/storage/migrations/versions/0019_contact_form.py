"""What strangers write on the public form, until they confirm it and it is on its way."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "contact_submissions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("network_index", sa.LargeBinary(), nullable=False),
        sa.Column("domain_index", sa.LargeBinary(), nullable=False),
        sa.Column("mailbox_index", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=True),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_submissions")),
    )
    for columns in (
        ["expires_at"],
        ["message_id"],
        ["network_index", "created_at"],
        ["domain_index", "created_at"],
        ["mailbox_index", "asked_at"],
    ):
        op.create_index(f"ix_contact_submissions_{'_'.join(columns)}", "contact_submissions", columns)
