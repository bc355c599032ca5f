"""Tells a file that a tool generates, by its header: what is fixed in it is lost the next time the tool runs.

Headers as the tools write them: rapids-dependency-file-generator (``_rapids_dependency_file_generator.py``), conda-lock
(``conda_lock.py``), pip-tools (``writer.py``), uv (``commands/pip/compile.rs``). pixi and ``conda env export`` write
none: of these it is what people note there.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import NamedTuple

from conda_lockstep.text.source import Source

_HEAD = 4000
"""Headers are at most this long, in characters."""
_GENERATED = (
    r"\b(?:auto-?\s*)?(?:generated|exported|created|compiled|written)\s+(?:automatically\s+)?"
    r"(?:by|with|via|using|from)\s+(?:running\s+|the\s+command:?\s+)?[`'\"]?"
    r"(?P<tool>rapids-dependency-file-generator|conda[- ]lock(?:step)?|pixi|conda (?:env )?export|mamba env export"
    r"|micromamba env export|pip-compile|pip-compile-multi|pip-tools|uv|poetry|pdm|[\w./-]+)"
)
_KNOWN = (
    "rapids-dependency-file-generator", "conda-lock", "conda lock", "conda-lockstep", "pixi", "conda env export",
    "conda export", "mamba env export", "micromamba env export", "pip-compile", "pip-compile-multi", "pip-tools", "uv",
    "poetry", "pdm",
)  # fmt: skip
_FORBIDDEN = r"\bdo not (?:edit|modify|change)\b|\bdon't edit\b"
_PATH = r"\s+[`'\"]?(?P<path>[\w./*-]*\w\.(?:ya?ml|toml|in|txt|cfg|py|json|j2|tmpl))\b"
_SOURCE = rf"\b(?:edit|change|update|modify){_PATH}"
_COMPILED = rf"(?:pip-compile|pip compile|pixi|conda[- ]lock|export)\b.*?{_PATH}"


class Generator(NamedTuple):
    """What generates a file: the tool, and the file that it generates it from, each empty if the header tells none."""

    tool: str
    source: str

    @property
    def what_to_edit(self) -> str:
        """Return what to change instead of the file."""
        by = f", as '{self.tool}' generates this file" if self.tool else ", as this file is generated"
        return f"change it in '{self.source}'{by}" if self.source else f"change what it is generated from{by}"


def generator_of(source: Source) -> Generator | None:
    """Return what generates a file, by the comments that it begins with; None for a file that people write."""
    start = source.text[:_HEAD].lstrip()
    if not start.startswith("#"):
        return None
    lines = start.splitlines()
    head = "\n".join(takewhile(lambda line: not line.strip() or line.startswith("#"), lines))
    found = re.search(_GENERATED, head, re.IGNORECASE)
    tool = found["tool"] if found else ""
    if tool.lower() not in _KNOWN and not re.search(_FORBIDDEN, head, re.IGNORECASE):
        return None
    named = re.search(_SOURCE, head, re.IGNORECASE) or re.search(_COMPILED, head, re.IGNORECASE)
    return Generator(tool.rstrip("."), named["path"] if named else "")
