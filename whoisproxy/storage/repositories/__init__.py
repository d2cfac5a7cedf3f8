"""One file per repository."""
