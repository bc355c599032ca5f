"""Rules about gpu."""
