"""One file per resource: its routes, its handlers, and how its values are shown."""
