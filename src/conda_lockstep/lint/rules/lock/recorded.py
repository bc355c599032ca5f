"""The content of a lock read as plain YAML, which is needed only to explain a finding."""

from __future__ import annotations

from collections.abc import Mapping


def is_same_document(text: str, written: str, shown_as: str) -> bool:
    """Return whether two texts are the same YAML document and differ only in layout and comments."""
    from conda_lockstep.text.yaml_values import load

    # The second text has no aliases, so its length bounds the time of the comparison, whatever the first contains.
    return load(text, shown_as) == load(written, shown_as)


def recorded_digests(text: str, shown_as: str) -> Mapping[str, str]:
    """Return the digests of its packages that a lock records, by platform."""
    from conda_lockstep.text.yaml_values import load

    found = load(text, shown_as)
    for key in ("metadata", "content_hash"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return {}
    return {str(name): digest for name, digest in found.items() if isinstance(digest, str)}
