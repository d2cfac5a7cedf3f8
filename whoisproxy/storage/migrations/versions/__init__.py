"""One file each, in order."""
