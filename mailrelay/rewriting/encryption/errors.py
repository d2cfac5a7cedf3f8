"""Why mail cannot be encrypted with a key."""


class UnusableKey(Exception):
    """Mail must not be encrypted with this key, or cannot be.

    Trying again does not help: its owner has to give another one. `reason` is kebab-case and names no person.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
