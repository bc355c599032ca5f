"""Reads shell commands: words, quotes, variables; nothing is executed."""
