"""Compares many nodes with each other and with a lock."""
