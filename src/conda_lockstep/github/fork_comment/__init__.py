"""Comments on pull requests whose own run has no write token."""
