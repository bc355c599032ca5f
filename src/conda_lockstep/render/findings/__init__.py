"""Lint findings, a module for each format."""
