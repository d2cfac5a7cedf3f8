"""How the pages of each registrar look."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "appearances",
        sa.Column("registrar_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=True),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("accent_dark", sa.String(length=7), nullable=False),
        sa.Column("imprint_url", sa.Text(), nullable=False),
        sa.Column("privacy_url", sa.Text(), nullable=False),
        sa.Column("terms_url", sa.Text(), nullable=False),
        sa.Column("help_url", sa.Text(), nullable=False),
        sa.Column("logo_type", sa.String(length=13), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["registrar_id"],
            ["registrars.id"],
            name=op.f("fk_appearances_registrar_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registrar_id", name=op.f("pk_appearances")),
        sa.UniqueConstraint("host", name=op.f("uq_appearances_host")),
    )
