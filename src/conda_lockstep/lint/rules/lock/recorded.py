"""What a lock's text says beyond its packages, read as plain YAML; needed only where something is wrong."""

from __future__ import annotations

from collections.abc import Mapping


def is_same_document(text: str, written: str) -> bool:
    """Say whether two texts are one document to YAML: whether only layout and comments differ."""
    # The second has no aliases, so that comparing takes no longer than it is long, whatever is in the first.
    return bool(_load(text) == _load(written))


def recorded_digests(text: str) -> Mapping[str, str]:
    """Return the digest that a lock says its packages have, by platform."""
    found = _load(text)
    for key in ("metadata", "content_hash"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return {}
    return {str(name): digest for name, digest in found.items() if isinstance(digest, str)}


def _load(text: str) -> object:
    import yaml

    document: object = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return document
