"""Runs uv's resolver apart from the machine's own settings, with conda's packages as they are.

They are given to uv twice: as ``==`` constraints, and as links to wheels whose metadata is stated, so that uv never
fetches the files. So uv keeps conda's packages as they are, and a requirement that needs another version ends as
uv's own resolution error, never as an overwrite.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version
from uv import find_uv_bin

from conda_lockstep.conda.trust import Trust
from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.owned_projects import Owned
from conda_lockstep.lock.pip.previous import NOTHING_BEFORE, Before
from conda_lockstep.lock.pip.projects.project import Project
from conda_lockstep.lock.pip.requirements import PipPart
from conda_lockstep.lock.pip.wheels import WheelTarget

RESOLVE_SECONDS = 600
REQUEST_SECONDS = 60

_KEPT = (
    "UV_CACHE_DIR",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_INSECURE_HOST",
    "UV_HTTP_TIMEOUT",
    "UV_OFFLINE",
)
"""How uv connects may depend on the machine; what it resolves may not."""
_PUBLIC = ("https://pypi.org/", "https://pypi.python.org/")


class Uv:
    """uv in a folder with its input files; ``cache`` None is its own cache."""

    def __init__(self, folder: Path, target: WheelTarget, cache: Path | None) -> None:
        self.folder = folder
        self.target = target
        self.cache = cache
        self._arguments: tuple[str, ...] = ()
        self._indexes: Mapping[str, str] = {}
        self._requirements: list[str] = []
        self._constraints: list[str] = []
        self._before = NOTHING_BEFORE

    def give(self, part: PipPart, mirrors: Mirrors, index: str, before: Before) -> None:
        """Write the requirements, the constraints and the versions that were locked before.

        Raises ``LockstepError`` where a variable of a URL is not set.
        """
        self._before = before
        self._requirements = [f"{entry.given(mirrors.trust)}\n" for entry in part.requirements]
        self._constraints = [f"{entry.given(mirrors.trust)}\n" for entry in part.constraints]
        self._indexes = index_variables(part, mirrors, index)
        self._arguments = (
            *(["--no-index"] if part.only_links else []),
            *(
                word
                for links in part.links
                for word in ("--find-links", mirrors.fetch_url(links.url(mirrors.trust)))
            ),
            *(["--prerelease", "allow"] if part.prereleases else []),
            *before.arguments(),
        )

    def exclude(self, project: str, version: str) -> None:
        """Leave a version of a project out from now on."""
        self._constraints.append(f"{project}!={version}\n")

    def hold(
        self, owned: Mapping[str, Owned], *, known_by_index: Container[str], projects: Sequence[Project] = ()
    ) -> None:
        """Write conda's packages as constraints, links to stand-ins and their metadata; and so the requested projects.

        Those in ``known_by_index`` are constraints only: their dependencies are those of the index.
        """
        constraints, links, metadata = [], [], []
        for project, held in sorted(owned.items()):
            version = pep440(held.version)
            if not version:
                continue
            constraints.append(f"{project}=={version}\n")
            if project not in known_by_index:
                links.append(_stand_in(project, version))
                metadata.append(
                    f'[[dependency-metadata]]\nname = "{project}"\nversion = "{version}"\nrequires-dist = []\n'
                )
        for each in projects:
            links.append(_stand_in(each.name, each.stand_in))
            metadata.append(_metadata_of(each))
        self._write(
            "requirements.in",
            [*self._requirements, *(f"{_pinned(each)}\n" for each in projects)],
        )
        self._write("constraints.in", [*self._constraints, *constraints])
        self._write("conda.html", ["<!DOCTYPE html>\n", *links])
        self._write("uv.toml", metadata)

    def solve(self) -> subprocess.CompletedProcess[str]:
        """Return the solution as ``pylock.toml`` (PEP 751): files and hashes, without the dependencies between them."""
        # uv prefers the versions that its output file has.
        self._write("pylock.toml", [self._before.pylock()])
        return self._compile("--format", "pylock.toml", "--output-file", "pylock.toml")

    def _compile(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        links = (self.folder / "conda.html").as_uri()
        command = [
            find_uv_bin(), "pip", "compile", "--config-file", "uv.toml", "--constraint", "constraints.in",
            "--find-links", links, "--only-binary", ":all:", "--no-header", "--color", "never", "--no-progress",
            "--python", sys.executable, "--no-python-downloads", "--python-version", self.target.python,
            "--python-platform", self.target.uv_platform, *(["--cache-dir", str(self.cache)] if self.cache else []),
            *self._arguments, "requirements.in", *arguments,
        ]  # fmt: skip
        try:
            return subprocess.run(
                command, cwd=self.folder, env=self._environment(), capture_output=True, text=True,
                encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL, timeout=RESOLVE_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            what = f"uv found no solution for the pip part within {RESOLVE_SECONDS} s"
            raise LockstepError(what, remedy="pin more of it") from None

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("UV_") or key in _KEPT}
        osx = next((fact.version for fact in self.target.machine if fact.name == "__osx"), "")
        # At the terminal's width uv breaks its lines, and names in them.
        own = {"COLUMNS": "10000"} | ({"MACOSX_DEPLOYMENT_TARGET": osx} if osx else {})
        return {
            "UV_HTTP_TIMEOUT": str(REQUEST_SECONDS),
            "UV_HTTP_RETRIES": "1",
            **kept,
            **own,
            **self._indexes,
        }

    def _write(self, name: str, lines: Sequence[str]) -> None:
        (self.folder / name).write_text("".join(lines), encoding="utf-8")


def _pinned(project: Project) -> str:
    requirement = project.requirement
    requirement.specifier = SpecifierSet(f"=={project.stand_in}")
    return str(requirement)


def _metadata_of(project: Project) -> str:
    """Return the metadata of a project for uv's settings; TOML's strings are JSON's."""
    requires = [str(requirement) for requirement in project.metadata.requires]
    extras = {extra for line in requires for extra in re.findall(r"\bextra == ['\"]([^'\"]+)['\"]", line)}
    python = project.metadata.python_bounds
    lines = [
        "[[dependency-metadata]]",
        f"name = {json.dumps(project.name)}",
        f"version = {json.dumps(project.stand_in)}",
        f"requires-dist = {json.dumps(requires)}",
        f"provides-extra = {json.dumps(sorted(extras))}",
        *([f"requires-python = {json.dumps(python)}"] if python else []),
    ]
    return "\n".join(lines) + "\n"


def pep440(version: str) -> str:
    """Return a version as PyPI writes it; empty for one that PEP 440 does not allow, such as ``9e``."""
    try:
        return str(Version(version))
    except InvalidVersion:
        return ""


def sources(part: PipPart, index: str, trust: Trust) -> list[str]:
    """Return the indexes in order of priority; a name is taken from the first that has it.

    PyPI always comes last: anyone may publish there, also under the name of a private package.
    """
    named = [extra.url(trust) for extra in part.extra_indexes]
    named.append(part.index.url(trust) if part.index else index)
    return sorted(dict.fromkeys(named), key=lambda url: f"{without_credentials(url)}/".startswith(_PUBLIC))


def index_variables(part: PipPart, mirrors: Mirrors, index: str) -> Mapping[str, str]:
    """Return the environment variables for uv's indexes: every user of a machine may read a command line."""
    if part.only_links:
        return {}
    access = Access(mirrors.with_credentials)
    *first, last = (
        access.with_credentials(mirrors.fetch_url(url)) for url in sources(part, index, mirrors.trust)
    )
    return {"UV_DEFAULT_INDEX": last} | ({"UV_INDEX": " ".join(first)} if first else {})


def _stand_in(project: str, version: str) -> str:
    """Return the link to a wheel that does not exist; with a hash, uv does not fetch it to compute one.

    uv keeps metadata by hash, so that each needs its own: of two with one hash, either may get the other's.
    """
    wheel = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    return f'<a href="{wheel}#sha256={hashlib.sha256(wheel.encode()).hexdigest()}">{wheel}</a>\n'
