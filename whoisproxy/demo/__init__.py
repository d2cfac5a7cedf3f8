"""The main job told on loopback, and the actors that it needs."""
