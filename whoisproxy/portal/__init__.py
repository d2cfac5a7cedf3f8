"""Web pages: those of owners, and those behind the links in their mail."""
