"""Held mail on pages: what is shown of it and said about it, whichever way its owner came."""
