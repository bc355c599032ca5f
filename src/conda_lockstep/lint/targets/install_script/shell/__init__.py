"""Reads shell commands (words, quotes, variables) without executing them."""
