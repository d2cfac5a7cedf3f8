"""Pure values and state machines: no I/O, no framework."""
