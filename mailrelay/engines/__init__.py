"""Engines that judge what a message says or carries, each a daemon of its own beside the relay."""
