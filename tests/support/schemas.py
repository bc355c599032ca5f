"""The JSON schemas that the docs show, so that what they say is what is held."""

from __future__ import annotations

import json
import re

from tests.support.corpus import REPOSITORY


def schema(page: str) -> dict[str, object]:
    """Return the JSON schema on a page of the docs."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    (block,) = re.findall(r"```json\n(\{.*?\n\})\n```", text, re.DOTALL)
    loaded: dict[str, object] = json.loads(block)
    return loaded
