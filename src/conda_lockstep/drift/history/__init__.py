"""How locks changed over the commits of a git repository."""
