"""Grades changes by what they can break in distributed training."""
