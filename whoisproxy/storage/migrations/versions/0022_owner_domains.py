"""What lists of owners' domains need: names as people read them where these are others, and a wider index."""

import idna
import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_BATCH = 1000
_DOMAINS = sa.table(
    "domains",
    sa.column("id", sa.String(length=40)),
    sa.column("name", sa.String(length=253)),
    sa.column("u_label", sa.String(length=253)),
)


def upgrade() -> None:
    """Add the column and fill it; make the index anew."""
    op.drop_index("ix_registrants_email_index", "registrants")
    op.create_index("ix_registrants_email_index", "registrants", ["email_index", "registrar_id", "id"])
    op.add_column("domains", sa.Column("u_label", sa.String(length=253), nullable=True))
    connection = op.get_bind()
    international = sa.select(_DOMAINS.c.id, _DOMAINS.c.name).where(_DOMAINS.c.name.contains("xn--"))
    found = connection.execute(international).all()
    known = [{"of_id": row.id, "people": people} for row in found if (people := _u_label(row.name))]
    fill = _DOMAINS.update().where(_DOMAINS.c.id == sa.bindparam("of_id"))
    for start in range(0, len(known), _BATCH):
        connection.execute(fill.values(u_label=sa.bindparam("people")), known[start : start + _BATCH])


def _u_label(name: str) -> str | None:
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return None
