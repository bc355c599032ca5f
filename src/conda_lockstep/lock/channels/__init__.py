"""Channels: their URLs, credentials, network access and records."""
