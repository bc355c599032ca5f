"""Solves the conda part of a lock with rattler."""
