"""The public form, from its page to the relay."""
