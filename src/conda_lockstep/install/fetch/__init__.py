"""Fetches the files that a lock names, and checks them."""
