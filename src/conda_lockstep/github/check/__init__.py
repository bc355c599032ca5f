"""The checking step of the Action: it lints, solves and builds, and has no token."""
