"""The owner's log of mail: what lists choose by in one index, and numbers of what is forgotten.

On PostgreSQL alone: with SQLite the queue is in files of its own, which it brings up to date itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_INDEX = ["relay_id", "id", "state", "direction", "owner_id", "received_at"]


def upgrade() -> None:
    """Make the index anew, and the table."""
    if op.get_context().dialect.name != "postgresql":
        return
    op.drop_index("mail_messages_of_relay", "mail_messages")
    op.create_index("mail_messages_of_relay", "mail_messages", _INDEX)
    op.create_table(
        "mail_days",
        sa.Column("relay_id", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("relay_id", "owner_id", "day", "direction", "state"),
    )
    op.create_index("mail_days_day", "mail_days", ["day"])
