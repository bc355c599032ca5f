"""One renderer per medium; none knows what it renders for."""
