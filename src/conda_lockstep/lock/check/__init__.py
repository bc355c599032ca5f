"""Checks a lock without a solver: against its file, and by itself."""
