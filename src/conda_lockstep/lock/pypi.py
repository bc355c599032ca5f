"""Resolves the pip part with uv, against the conda packages as they are: wheels only, one file per package.

Conda's packages are given to uv twice: as ``==`` constraints, and as wheels that hold nothing but a name and a version.
So uv takes what conda installs as it is, and a requirement that wants another version ends as uv's own
resolution error, never as an overwrite.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.version import InvalidVersion, Version
from uv import find_uv_bin

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock import pylock
from conda_lockstep.lock.access import Access
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.owned import Owned, owned_by_conda
from conda_lockstep.lock.pip_before import NOTHING_BEFORE, Before, pinned
from conda_lockstep.lock.requirements import PipPart, PipWanted
from conda_lockstep.lock.urls import without_credentials
from conda_lockstep.lock.wheels import Target
from conda_lockstep.packages import Package
from conda_lockstep.projects import normalize

RESOLVE_SECONDS = 600
REQUEST_SECONDS = 60

_UV_KEPT = (
    "UV_CACHE_DIR",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_INSECURE_HOST",
    "UV_HTTP_TIMEOUT",
    "UV_OFFLINE",
)
"""How uv gets at things may be the machine's business; what it decides may not."""


def resolve(
    part: PipPart,
    conda: Sequence[Package],
    target: Target,
    mirrors: Mirrors,
    *,
    index: str,
    cache: Path | None = None,
    before: Before = NOTHING_BEFORE,
) -> tuple[Package, ...]:
    """Return the pip packages that the requirements ask for besides what conda installs, by name.

    ``index`` is used where the file names none; ``before`` is what was locked. Raises ``LockstepError`` where there is
    no solution, naming both sides of a clash with conda, and where an index cannot be read.
    """
    owned = owned_by_conda(conda)
    with TemporaryDirectory(prefix="lockstep-") as folder:
        uv = _Uv(Path(folder), target, cache, _indexes(part, mirrors, index))
        uv.give(part, owned)
        uv.prefer("pylock.toml", before.pylock())
        arguments = [*before.arguments(), "requirements.in"]
        solved = uv.compile(*arguments, "--format", "pylock.toml", "--output-file", "pylock.toml")
        if solved.returncode:
            raise _error(solved, part, owned, target)
        files = pylock.choose(solved.stdout, target, without=owned)
        # The same once more, from uv's cache: this format says who asked for whom.
        uv.prefer("edges.txt", pinned({file.project: file.version for file in files}))
        told = uv.compile(*arguments, "--annotation-style", "line", "--output-file", "edges.txt")
        edges = _edges(told.stdout)
    return tuple(
        Package(
            "pip",
            file.project,
            file.version,
            url=mirrors.lock_url(file.url),
            sha256=file.sha256,
            depends=tuple(sorted(name for name, askers in edges.items() if file.project in askers)),
        )
        for file in files
    )


class _Uv:
    """A folder with what uv is to read, and uv itself, kept apart from the machine's own settings."""

    def __init__(self, folder: Path, target: Target, cache: Path | None, indexes: Mapping[str, str]) -> None:
        self.folder = folder
        self.target = target
        self.cache = cache
        self.indexes = indexes

    def give(self, part: PipPart, owned: Mapping[str, Owned]) -> None:
        """Write the requirements, and conda's packages as constraints, stand-in wheels and their metadata."""
        (self.folder / "conda").mkdir()
        constraints, metadata = [], []
        for project, held in sorted(owned.items()):
            version = _pep440(held.version)
            if version:
                _stand_in(self.folder / "conda", project, version)
                constraints.append(f"{project}=={version}\n")
                metadata.append(
                    f'[[dependency-metadata]]\nname = "{project}"\nversion = "{version}"\nrequires-dist = []\n'
                )
        self._write("requirements.in", [f"{entry.text}\n" for entry in part.wanted])
        self._write("conda.txt", constraints)
        self._write("uv.toml", metadata)

    def prefer(self, name: str, text: str) -> None:
        """Write what uv finds where it is to write its answer, and keeps to as far as it can."""
        self._write(name, [text])

    def compile(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``uv pip compile`` for the target."""
        command = [
            find_uv_bin(), "pip", "compile", "--config-file", "uv.toml", "--constraint", "conda.txt",
            "--find-links", "conda", "--only-binary", ":all:", "--no-header", "--color", "never", "--no-progress",
            "--python", sys.executable, "--no-python-downloads", "--python-version", self.target.python,
            "--python-platform", self.target.uv_platform, *(["--cache-dir", str(self.cache)] if self.cache else []),
            *arguments,
        ]  # fmt: skip
        try:
            return subprocess.run(
                command, cwd=self.folder, env=self._environment(), capture_output=True, text=True,
                encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL, timeout=RESOLVE_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            what = f"uv found no solution of the pip part within {RESOLVE_SECONDS} s"
            raise LockstepError(what, remedy="pin more of it") from None

    def _environment(self) -> dict[str, str]:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith("UV_") or key in _UV_KEPT
        }
        osx = next((fact.version for fact in self.target.machine if fact.name == "__osx"), "")
        return {"UV_HTTP_TIMEOUT": str(REQUEST_SECONDS), "UV_HTTP_RETRIES": "1", **kept, **self.indexes} | (
            {"MACOSX_DEPLOYMENT_TARGET": osx} if osx else {}
        )

    def _write(self, name: str, lines: Sequence[str]) -> None:
        (self.folder / name).write_text("".join(lines), encoding="utf-8")


def _stand_in(folder: Path, project: str, version: str) -> None:
    """Write a wheel that holds a name and a version, and nothing else."""
    stem = f"{project.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        info = f"{stem}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def _indexes(part: PipPart, mirrors: Mirrors, index: str) -> dict[str, str]:
    """Return the variables that tell uv its indexes: everybody on a machine may read a command line."""
    urls = [part.index.url if part.index else index, *(extra.url for extra in part.extra_indexes)]
    access = Access(mirrors.with_credentials)
    default, *extra = (access.with_credentials(mirrors.fetch_url(url)) for url in urls)
    return {"UV_DEFAULT_INDEX": default} | ({"UV_INDEX": " ".join(extra)} if extra else {})


def _pep440(version: str) -> str:
    """Return a version as PyPI writes it; empty for one that is none, such as ``2024a``."""
    try:
        return str(Version(version))
    except InvalidVersion:
        return ""


def _edges(annotated: str) -> dict[str, frozenset[str]]:
    """Read ``six==1.17.0  # via python-dateutil, -r requirements.in``: who asks for each package."""
    found = {}
    for line in annotated.splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)[^#]*#\s*via\s+(.*)", line)
        if match:
            found[normalize(match[1])] = frozenset(normalize(name.strip()) for name in match[2].split(","))
    return found


def _error(
    failed: subprocess.CompletedProcess[str], part: PipPart, owned: Mapping[str, Owned], target: Target
) -> LockstepError:
    text = without_credentials(" ".join(failed.stderr.split()))
    reason = text.partition("cause: ")[2] or text
    unreachable = re.search(r"Failed to fetch: `?(\S+?)`?(?: |$)", text)
    if unreachable:
        why = reason.rpartition("cause: ")[2]
        return LockstepError(
            f"the index cannot be read: {why}", where=unreachable[1], remedy="check the index and the network"
        )
    reason = reason.partition(" hint: ")[0].replace("we can conclude that ", "").rstrip(".")
    asked = next((entry for entry in part.wanted if _mentions(reason, entry.name)), None)
    where = asked.where if asked else None
    clashing = [
        held for project, held in sorted(owned.items()) if f"{project}=={_pep440(held.version)}" in reason
    ]
    if clashing:
        return _clash(reason, asked, clashing)
    if "has no usable wheels" in reason or "no wheels with a matching" in reason:
        what = f"the pip part has no wheel for Python {target.python} on {target.platform}: {reason}"
        return LockstepError(
            what, where=where, remedy="ask for a version that has wheels, or take it from conda"
        )
    hint = text.partition(" hint: ")[2]
    what = f"the pip part cannot be resolved: {reason}" + (f" ({hint})" if "index" in hint.lower() else "")
    return LockstepError(what, where=where, remedy="change the entry")


def _clash(reason: str, asked: PipWanted | None, clashing: Sequence[Owned]) -> LockstepError:
    held = clashing[0].package
    who = f"'{asked.text}'" if asked else "the pip part"
    return LockstepError(
        f"{who} clashes with conda's {held.name} {held.version}",
        where=asked.where if asked else None,
        remedy="change one of the two: pip never overwrites what conda installs",
        detail=(f"pip: {reason}", f"conda: {', '.join(str(entry.package) for entry in clashing)}"),
    )


def _mentions(text: str, project: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(project)}(?![\w-])", text, re.IGNORECASE) is not None
