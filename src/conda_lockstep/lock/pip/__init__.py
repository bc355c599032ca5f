"""Resolves the pip part of a lock with uv."""
