"""Whether a stranger can tell one address from another by the time that its answers take."""
