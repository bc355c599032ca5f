"""The reporting step of the Action: it has a token, and executes nothing of the change."""
