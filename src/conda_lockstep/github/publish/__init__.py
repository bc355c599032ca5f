"""Writes to GitHub: comment, issue, pull request, commits, patch."""
