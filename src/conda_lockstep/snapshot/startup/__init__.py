"""The ways by which the interpreter, the loader and an activation get code before a job's first line."""
