"""The half of the Action that executes: it lints, solves and builds, and has no token."""
