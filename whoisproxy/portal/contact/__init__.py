"""Public pages: what the proxy is, and the form by which anybody reaches the owner of a domain."""
