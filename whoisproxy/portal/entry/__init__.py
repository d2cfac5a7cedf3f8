"""The way in: links, passwords, passkeys, the second step, and what an owner may change of all that."""
