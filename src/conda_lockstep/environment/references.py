"""The environment files that files of other tools name: Binder and Read the Docs, MLflow, Azure ML.

https://docs.readthedocs.com/platform/stable/config-file/v2.html#conda,
https://mlflow.org/docs/latest/ml/projects/ and https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment.
Binder reads ``environment.yml`` in ``binder/`` or ``.binder/``, which goes by its name.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from conda_lockstep.text.encoding import without_waiting

_HEAD = 1 << 16
REFERRING = re.compile(r"(?i)(?:^|/)(?:MLproject|MLmodel|\.?readthedocs\.ya?ml|[^/]+\.ya?ml)$")
"""Files that may name an environment file. YAML files do so for Azure ML, with ``conda_file:``."""

_KEYS = {
    "mlproject": rb"conda_env",
    "mlmodel": rb"conda|env",
    "readthedocs": rb"environment",
    "yaml": rb"conda_file",
}


def referenced_by(folder: Path, name: str) -> set[str]:
    """Return the files that a file names as its environment, relative to the folder; nothing for an unreadable one."""
    kind = _kind(name)
    try:
        with open(folder / name, "rb", opener=without_waiting) as file:
            head = file.read(_HEAD)
    except OSError:
        return set()
    if kind == "yaml" and b"conda_file" not in head:
        return set()
    pattern = (
        rb"^[ \t-]*(?:%b)[ \t]*:[ \t]*['\"]?([^\s'\"#{}\[\]|>]+\.ya?ml)['\"]?[ \t]*(?:#.*)?\r?$" % _KEYS[kind]
    )
    found = (match.decode("utf-8", "replace") for match in re.findall(pattern, head, re.MULTILINE))
    here = posixpath.dirname(name)
    # Read the Docs takes paths from the root, the others from the file.
    base = "" if kind == "readthedocs" else here
    return {posixpath.normpath(posixpath.join(base, path.removeprefix("file:"))) for path in found}


def _kind(name: str) -> str:
    last = posixpath.basename(name).lower()
    if last in ("mlproject", "mlmodel"):
        return last
    return "readthedocs" if last.lstrip(".").startswith("readthedocs.") else "yaml"
