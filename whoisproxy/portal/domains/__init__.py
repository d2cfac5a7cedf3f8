"""Pages on which an owner sees his domains."""
