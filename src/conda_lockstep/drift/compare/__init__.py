"""Compares two package sets, and decides how severe each change is."""
