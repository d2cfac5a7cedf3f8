"""What the public sees of hidden domains, and when it is looked at."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from whoisproxy.storage.tables.values import ID, UtcDateTime, metadata

# Domains of which something changed that the public is to see: put in by triggers on `privacy`, so that no
# way of writing can forget it, and taken out when their next looks are planned.
publication_changes = Table(
    "publication_changes",
    metadata,
    Column("domain_id", ID, primary_key=True),
    Column("changed_at", UtcDateTime, nullable=False),
)

# Where and when hidden domains are looked at with a stranger's eyes. A claim moves `due_at` to the end of its
# lease. No foreign key to domains: whoever deletes one would wait for planners, and they for him.
publication_watch = Table(
    "publication_watch",
    metadata,
    Column("domain_id", ID, primary_key=True),
    Column("place", String(8), primary_key=True),
    Column("lane", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("soon", Boolean, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("verdict", String(8)),
    Column("since", UtcDateTime),
    Column("looks", Integer, nullable=False),
    Column("looked_at", UtcDateTime),
    Column("clean_at", UtcDateTime),
    Column("told", String(8), nullable=False),
    Column("repairs", Integer, nullable=False),
    Column("repaired_at", UtcDateTime),
    Index("ix_publication_watch_lane_soon_due_at", "lane", "soon", "due_at"),
)

# Servers that are asked together, and when their pace allows the next look, for all machines.
publication_lanes = Table(
    "publication_lanes",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("ready_at", UtcDateTime, nullable=False),
)

# Which directories the watch knows, by a digest: where others are known, hidden domains are planned anew.
publication_directories = Table(
    "publication_directories",
    metadata,
    Column("digest", String(64), primary_key=True),
)

# What each server showed of a domain: one row, whatever the number of looks.
publication_sightings = Table(
    "publication_sightings",
    metadata,
    Column("domain_id", ID, primary_key=True),
    Column("place", String(8), primary_key=True),
    Column("source", String(8), primary_key=True),
    Column("server", String(270), primary_key=True),
    Column("referred", Boolean, nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("doubt", String(16)),
    Column("since", UtcDateTime, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("clean_at", UtcDateTime),
)

# Raw answers in which something was found or not found, sealed for the registrant and gone with him.
publication_evidence = Table(
    "publication_evidence",
    metadata,
    Column("id", ID, primary_key=True),
    Column("domain_id", ID, nullable=False, index=True),
    Column("registrant_id", ForeignKey("registrants.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("place", String(8), nullable=False),
    Column("source", String(8), nullable=False),
    Column("server", String(270), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)
