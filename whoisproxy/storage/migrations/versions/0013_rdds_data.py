"""What RDAP and WHOIS tell of domains besides contacts, and which domains use a name server."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# Of each domain that has not gone to another registrar (`privacy.reason`); in the order of the table, in
# which it is made several times faster.
_FILL = """
    INSERT INTO name_servers (host, domain_id)
    SELECT lower(rtrim(server.value, '.')), domains.id
    FROM domains LEFT JOIN privacy ON privacy.domain_id = domains.id, {servers}
    WHERE coalesce(privacy.reason, '') <> 'REGISTRY_TRANSFERRED_AWAY'
    ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""
_SERVERS = {
    "sqlite": "json_each(domains.nameservers) AS server",
    "postgresql": "LATERAL json_array_elements_text(domains.nameservers) AS server (value)",
}


def upgrade() -> None:
    """Add the columns, make the table and fill it."""
    for table in ("domains", "registry_contacts"):
        op.add_column(
            table, sa.Column("registry_id", sa.String(length=89), server_default="", nullable=False)
        )
    op.add_column("domains", sa.Column("delegation", sa.JSON(), nullable=True))
    op.add_column("domains", sa.Column("hosts", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("registrars", sa.Column("office", sa.JSON(), nullable=True))
    op.create_table(
        "name_servers",
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("domain_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("host", "domain_id", name=op.f("pk_name_servers")),
        sqlite_with_rowid=False,
    )
    op.execute(_FILL.format(servers=_SERVERS[op.get_context().dialect.name]))
