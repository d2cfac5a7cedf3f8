"""Delivering what the queue holds."""
