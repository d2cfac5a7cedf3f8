"""Owners' accounts, their sessions, and what they sign in with."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_MOMENT = sa.DateTime(timezone=True)
_ID = sa.String(length=40)


def upgrade() -> None:
    """Make the tables."""
    _accounts()
    _sessions()
    _attempts()
    _passkeys()
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        _of_account("recovery_codes"),
        sa.PrimaryKeyConstraint("account_id", "code_index", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "used_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_used_tokens")),
    )
    op.create_index("ix_used_tokens_expires_at", "used_tokens", ["expires_at"])


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["owner_accounts.id"], name=op.f(f"fk_{table}_account_id"), ondelete="CASCADE"
    )


def _accounts() -> None:
    op.create_table(
        "owner_accounts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("registrar_id", _ID, nullable=False),
        sa.Column("owner_index", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("methods", sa.LargeBinary(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["registrar_id"], ["registrars.id"], name=op.f("fk_owner_accounts_registrar_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_accounts")),
        sa.UniqueConstraint(
            "registrar_id", "owner_index", name=op.f("uq_owner_accounts_registrar_id_owner_index")
        ),
    )
    op.create_index("ix_owner_accounts_owner_index", "owner_accounts", ["owner_index"])
    op.create_table(
        "two_step_registrars",
        sa.Column("registrar_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["registrar_id"], ["registrars.id"], name=op.f("fk_two_step_registrars_registrar_id")
        ),
        sa.PrimaryKeyConstraint("registrar_id", name=op.f("pk_two_step_registrars")),
    )


def _sessions() -> None:
    op.create_table(
        "owner_sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("proofs", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("proven_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _of_account("owner_sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_owner_sessions_token_hash")),
    )
    op.create_index("ix_owner_sessions_account_id", "owner_sessions", ["account_id"])
    op.create_index("ix_owner_sessions_seen_at", "owner_sessions", ["seen_at"])


def _attempts() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=True),
        sa.Column("network_index", sa.LargeBinary(), nullable=False),
        sa.Column("device_index", sa.LargeBinary(), nullable=False),
        sa.Column("lane", sa.String(length=24), nullable=False),
        sa.Column("proof", sa.String(length=16), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("new_device", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        _of_account("sign_in_attempts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index("ix_sign_in_attempts_at", "sign_in_attempts", ["at"])
    op.create_index("ix_sign_in_attempts_account_id_at", "sign_in_attempts", ["account_id", "at"])
    op.create_index("ix_sign_in_attempts_network_index_at", "sign_in_attempts", ["network_index", "at"])


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _of_account("passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])
