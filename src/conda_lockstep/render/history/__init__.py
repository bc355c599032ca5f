"""Renders the history of locks, one module per format."""
