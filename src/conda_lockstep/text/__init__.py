"""Text with places, and files: source, encoding, YAML nodes, comments, suppressions, atomic writes."""
