"""Forwarding to the registrant and rebuilding his answers."""
