"""Rules about senders, in place of correspondents whom owners block."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table; every blocked correspondent becomes a rule of the domain."""
    op.create_table(
        "sender_rules",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("scope_id", sa.String(length=40), nullable=False),
        sa.Column("owner_index", sa.LargeBinary(), nullable=False),
        sa.Column("sender_index", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_rules")),
        sa.UniqueConstraint(
            "sender_index",
            "scope_id",
            "owner_index",
            name=op.f("uq_sender_rules_sender_index_scope_id_owner_index"),
        ),
    )
    op.create_index("ix_sender_rules_scope_id", "sender_rules", ["scope_id", "owner_index", "id"])
    columns = ("id", "scope", "scope_id", "owner_index", "sender_index", "sealed", "action", "created_at")
    before = sa.table(
        "blocked_correspondents",
        *map(sa.column, ("id", "domain_id", "correspondent_index", "correspondent", "blocked_at")),
    )
    blocked = sa.select(
        before.c.id,
        sa.literal("domain"),
        before.c.domain_id,
        sa.literal(b"", sa.LargeBinary),
        before.c.correspondent_index,
        before.c.correspondent,
        sa.literal("block"),
        before.c.blocked_at,
    )
    op.execute(sa.insert(sa.table("sender_rules", *map(sa.column, columns))).from_select(columns, blocked))
    op.drop_table("blocked_correspondents")
