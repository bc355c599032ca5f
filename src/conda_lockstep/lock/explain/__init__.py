"""Explains a lock: why there is no solution, why a package is there, what holds it back."""
