"""Drift reports, a module for each format."""
