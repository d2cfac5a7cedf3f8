"""A registry of our own, speaking EPP over TLS, to develop and demonstrate against."""
