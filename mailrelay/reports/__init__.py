"""Reports about mail: ours are written here, other servers' are understood here."""
