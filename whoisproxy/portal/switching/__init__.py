"""Pages on which an owner switches the privacy of his domains, and sees how far a switch is."""
