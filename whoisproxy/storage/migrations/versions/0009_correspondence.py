"""Reply addresses per thread that end, owners' settings of mail, and correspondents whom they block."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_IN_USE = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    """Give the addresses that there are another year; make the tables."""
    until = datetime.now(UTC) + timedelta(days=365)
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("reply_addresses") as table:
        table.add_column(sa.Column("thread_index", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("opening", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("expires_at", moment, nullable=True))
        table.add_column(sa.Column("revoked_at", moment, nullable=True))
    old = sa.table(
        "reply_addresses", sa.column("thread_index", sa.LargeBinary), sa.column("expires_at", moment)
    )
    op.execute(sa.update(old).values(thread_index=b"", expires_at=until))
    with op.batch_alter_table("reply_addresses") as table:
        table.alter_column("thread_index", existing_type=sa.LargeBinary(), nullable=False)
        table.alter_column("expires_at", existing_type=moment, nullable=False)
        table.drop_constraint("uq_reply_addresses_relay_id_correspondent_index", type_="unique")
    op.create_index("ix_reply_addresses_expires_at", "reply_addresses", ["expires_at"])
    op.create_index(
        "ix_reply_addresses_in_use",
        "reply_addresses",
        ["relay_id", "correspondent_index", "thread_index"],
        unique=True,
        sqlite_where=_IN_USE,
        postgresql_where=_IN_USE,
    )
    op.create_table(
        "mail_settings",
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["domains.id"], name=op.f("fk_mail_settings_domain_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain_id", name=op.f("pk_mail_settings")),
    )
    op.create_table(
        "blocked_correspondents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("correspondent_index", sa.LargeBinary(), nullable=False),
        sa.Column("correspondent", sa.LargeBinary(), nullable=False),
        sa.Column("blocked_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["domains.id"],
            name=op.f("fk_blocked_correspondents_domain_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_correspondents")),
        sa.UniqueConstraint(
            "domain_id",
            "correspondent_index",
            name=op.f("uq_blocked_correspondents_domain_id_correspondent_index"),
        ),
    )
