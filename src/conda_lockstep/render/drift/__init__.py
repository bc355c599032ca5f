"""Renders drift reports, one module per format."""
