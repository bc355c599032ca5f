"""Typed access to GitHub's REST API, with retries."""
