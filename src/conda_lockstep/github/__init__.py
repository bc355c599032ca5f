"""Everything that talks to GitHub: events, comments, outputs, and the Action itself."""
