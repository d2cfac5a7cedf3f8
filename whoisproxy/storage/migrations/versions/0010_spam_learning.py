"""What is learned about spam, and the lessons of late."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "spam_learning",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_spam_learning")),
    )
    op.create_table(
        "spam_lessons",
        sa.Column("lesson", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("teacher", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("taught_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("lesson", name=op.f("pk_spam_lessons")),
    )
    op.create_index("ix_spam_lessons_taught_at", "spam_lessons", ["taught_at"])
    op.create_index("ix_spam_lessons_teacher_taught_at", "spam_lessons", ["teacher", "taught_at"])
    op.create_index("ix_spam_lessons_sender_taught_at", "spam_lessons", ["sender", "taught_at"])
