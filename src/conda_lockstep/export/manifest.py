"""The manifest: the lock as JSON, for nodes that have nothing but Python; docs/manifest-json.md describes it."""

from __future__ import annotations

from conda_lockstep.export.model import Export, Subject
from conda_lockstep.lock.formats import manifest


def render(subject: Subject) -> Export:
    """Write all of the lock."""
    return Export(manifest.render(subject.lock))
