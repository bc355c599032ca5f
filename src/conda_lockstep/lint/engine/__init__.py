"""Runs rules over files: registry, selection, suppressions, fixes, baseline."""
