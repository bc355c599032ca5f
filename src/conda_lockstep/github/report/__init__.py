"""The half of the Action that reports: it has a token, and executes nothing of the change."""
