"""The durable queue on SQL."""
