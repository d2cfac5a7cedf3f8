"""What RDAP and WHOIS show has changed: the table that tells it on SQLite, and the way to a holder's domains.

The triggers that tell it are made by `storage.triggers` after all migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make table and index."""
    op.create_index("ix_domains_registrant_id", "domains", ["registrant_id"])
    if op.get_context().dialect.name == "sqlite":
        op.create_table(
            "published_changes",
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("number"),
            sqlite_autoincrement=True,
        )
        # Readers begin behind the newest row, so there is always one.
        op.execute("INSERT INTO published_changes (name) VALUES ('*')")
