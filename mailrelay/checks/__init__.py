"""Verdicts, chains and the checks they run."""
