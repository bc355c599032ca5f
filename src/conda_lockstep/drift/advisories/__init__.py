"""Which known vulnerabilities a change brings or removes, by an export of advisories on disk."""
