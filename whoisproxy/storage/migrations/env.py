"""Alembic's entry: runs on the connection that `storage.migrate` gives."""

from alembic import context

from mailrelay.checks import greylist_store
from mailrelay.queue import tables as mail_tables
from whoisproxy.storage import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[tables.metadata, mail_tables.metadata, greylist_store.metadata],
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
