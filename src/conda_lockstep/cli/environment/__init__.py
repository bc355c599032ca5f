"""Commands for environment files: lint, fmt, explain, pin, init."""
