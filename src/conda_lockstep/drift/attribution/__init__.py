"""Attributes changes to the pull request, to upstream or to both, and finds the upload that caused one."""
