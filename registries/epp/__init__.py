"""EPP client: transport, session, frames and the connector (RFC 5730-5734)."""
