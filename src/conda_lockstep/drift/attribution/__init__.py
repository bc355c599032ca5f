"""Attributes changes: to the pull request, to upstream, or to neither; and finds the upload."""
