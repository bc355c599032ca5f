"""Chores of this repository that are more than a line of the Makefile."""
