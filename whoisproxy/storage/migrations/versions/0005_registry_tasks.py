"""Tasks of registrars' backends."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "registry_tasks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("registrar_id", sa.String(length=40), nullable=False),
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("operation_id", sa.String(length=40), nullable=False),
        sa.Column("registrant_id", sa.String(length=40), nullable=False),
        sa.Column("mechanism", sa.String(length=16), nullable=False),
        sa.Column("hide", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("finding", sa.JSON(), nullable=True),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registrar_id"], ["registrars.id"], name=op.f("fk_registry_tasks_registrar_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_tasks")),
        sa.UniqueConstraint("operation_id", name=op.f("uq_registry_tasks_operation_id")),
    )
    op.create_index("ix_registry_tasks_domain_id", "registry_tasks", ["domain_id"])
    op.create_index("ix_registry_tasks_registrar_id_id", "registry_tasks", ["registrar_id", "id"])
    op.create_index("ix_registry_tasks_state_due_at", "registry_tasks", ["state", "due_at"])
