"""Registry accounts: how they stand with the registry, and the leases on their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "registry_accounts",
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("accepted", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.LargeBinary(), nullable=False),
        sa.Column("refused_code", sa.Integer(), nullable=False),
        sa.Column("refused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lowered_to", sa.Integer(), nullable=False),
        sa.Column("lowered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_registry_accounts")),
    )
    op.create_table(
        "registry_sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=253), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_sessions")),
    )
    op.create_index(op.f("ix_registry_sessions_account"), "registry_sessions", ["account"], unique=False)
