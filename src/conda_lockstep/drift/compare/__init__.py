"""Compares two operands: locks, prefixes and snapshots."""
