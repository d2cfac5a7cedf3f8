"""What operations wait for, contact objects at registries, and registries' messages."""

import sqlalchemy as sa
from alembic import op

from whoisproxy.storage.tables import UtcDateTime

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables and columns."""
    with op.batch_alter_table("operations") as operations:
        operations.add_column(sa.Column("look_again_at", UtcDateTime(), nullable=True))
        operations.add_column(sa.Column("awaits", sa.Text(), nullable=False, server_default=""))
        operations.add_column(sa.Column("leak_risk", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_operations_awaits", "operations", ["awaits"], unique=False)
    _make_contacts()
    _make_messages()
    op.create_table(
        "registry_leases",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=80), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_registry_leases"),
    )
    op.create_table(
        "contactless",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "domain", name="pk_contactless"),
    )


def _make_contacts() -> None:
    op.create_table(
        "registry_contacts",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column("operation_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "handle", "domain_id", name="pk_registry_contacts"),
    )
    op.create_index("ix_registry_contacts_domain_id", "registry_contacts", ["domain_id"], unique=False)
    op.create_index(
        "ix_registry_contacts_account_look_at", "registry_contacts", ["account", "look_at"], unique=False
    )


def _make_messages() -> None:
    op.create_table(
        "registry_messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("registrar_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("transaction", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=True),
        sa.Column("transfer", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["registrar_id"], ["registrars.id"], name="fk_registry_messages_registrar_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registry_messages"),
        sa.UniqueConstraint("account", "message_id", name="uq_registry_messages_account_message_id"),
    )
    op.create_index(
        "ix_registry_messages_registrar_id_id", "registry_messages", ["registrar_id", "id"], unique=False
    )
    op.create_index(
        "ix_registry_messages_account_transaction",
        "registry_messages",
        ["account", "transaction"],
        unique=False,
    )
