"""What strangers have written on the public form."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from whoisproxy.storage.tables.values import ID, UtcDateTime, metadata

# One row for each submission. `facts` is what its page needs, `message` the message itself until it is on its
# way, both under the submission's own key. Network, domain and mailbox are blind indexes, to count by.
contact_submissions = Table(
    "contact_submissions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("way", String(8), nullable=False),
    Column("network_index", LargeBinary, nullable=False),
    Column("domain_index", LargeBinary, nullable=False),
    Column("mailbox_index", LargeBinary, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("message", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("asked_at", UtcDateTime),
    Column("confirmed_at", UtcDateTime),
    Column("message_id", String(40), nullable=False, index=True),
    Column("answered_at", UtcDateTime),
    Index("ix_contact_submissions_network_index_created_at", "network_index", "created_at"),
    Index("ix_contact_submissions_domain_index_created_at", "domain_index", "created_at"),
    Index("ix_contact_submissions_mailbox_index_asked_at", "mailbox_index", "asked_at"),
)
