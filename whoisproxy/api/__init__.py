"""The registrar's REST API, /v1."""
