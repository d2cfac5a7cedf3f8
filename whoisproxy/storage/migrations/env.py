"""Alembic's entry: runs on the connection that `storage.migrate` gives."""

from alembic import context

from mailrelay.checks import greylist_store
from mailrelay.queue import earlier
from mailrelay.queue import tables as mail_tables
from whoisproxy.storage import published_changes, tables

connection = context.config.attributes["connection"]
# With SQLite, the queue is in files of its own; PostgreSQL needs no table to tell changes.
own = mail_tables.metadata if connection.dialect.name == "postgresql" else published_changes.metadata
context.configure(
    connection=connection,
    target_metadata=[tables.metadata, earlier.metadata, greylist_store.metadata, own],
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
