"""What a lock's text says beyond its packages, read as plain YAML; needed only where something is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from conda_lockstep.text.yaml_values import load


def is_same_document(text: str, written: str, shown_as: str) -> bool:
    """Say whether two texts are one document to YAML: whether only layout and comments differ."""
    # The second has no aliases, so that comparing takes no longer than it is long, whatever is in the first.
    return load(text, shown_as) == load(written, shown_as)


def recorded_digests(text: str, shown_as: str) -> Mapping[str, str]:
    """Return the digest that a lock says its packages have, by platform."""
    found = load(text, shown_as)
    for key in ("metadata", "content_hash"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return {}
    return {str(name): digest for name, digest in found.items() if isinstance(digest, str)}
