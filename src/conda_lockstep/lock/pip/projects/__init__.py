"""Local projects and git projects of a ``pip:`` list: their sources, and their metadata without running their code."""
