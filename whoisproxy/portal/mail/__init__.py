"""The mail of an owner: what came and left, what is held, whom he stops, and how much it was."""
