"""Puts fetched files into a prefix, and takes them out again."""
