"""SQL for SQLite and PostgreSQL, field encryption, repositories, outbox."""
