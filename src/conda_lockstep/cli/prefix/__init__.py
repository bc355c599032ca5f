"""Commands for prefixes and nodes: build, sync, mirror, probe, fleet."""
