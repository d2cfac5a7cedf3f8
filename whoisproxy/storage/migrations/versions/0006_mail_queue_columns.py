"""The mail queue in its new form: on PostgreSQL here, with SQLite in files of its own.

What is in the old table is sealed, so it is not moved here but by whoever has the keys, at the next start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_EARLIER = "mail_messages_earlier"
_ACTIVE = "state IN ('queued', 'deferred', 'delivering')"
_SET_ASIDE = "state IN ('quarantined', 'held', 'undeliverable', 'paused')"


def upgrade() -> None:
    """Put the old table aside, and make the new ones where they belong here."""
    op.drop_index("mail_messages_due", "mail_messages")
    op.drop_index("mail_messages_of_relay", "mail_messages")
    op.drop_table("mail_thread_ids")
    op.rename_table("mail_messages", _EARLIER)
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX mail_messages_pkey RENAME TO {_EARLIER}_pkey")
        _make_tables()


def _make_tables() -> None:
    op.create_table(
        "mail_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("relay_id", sa.String(length=64), nullable=False),
        sa.Column("reply_id", sa.String(length=64), nullable=False),
        sa.Column("about_id", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("size_octets", sa.Integer(), nullable=False),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.Column("thread_ids", sa.LargeBinary(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("warned_at", sa.BigInteger(), nullable=True),
        sa.Column("leased_by", sa.String(length=64), nullable=False),
        sa.Column("trail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "mail_messages_due",
        "mail_messages",
        ["priority", "next_attempt_at", "state"],
        postgresql_where=sa.text(_ACTIVE),
    )
    op.create_index(
        "mail_messages_set_aside",
        "mail_messages",
        ["state", "updated_at"],
        postgresql_where=sa.text(_SET_ASIDE),
    )
    op.create_index("mail_messages_of_relay", "mail_messages", ["relay_id", "id"])
    op.create_table(
        "mail_bodies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    # What is sealed does not shrink, and a message of usual size fits into a page: neither is tried to be
    # compressed, nor is the latter cut into pieces elsewhere.
    op.execute("ALTER TABLE mail_bodies ALTER COLUMN body SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE mail_bodies SET (toast_tuple_target = 8160)")
