"""Runs the build of a project to learn its metadata (PEP 517): its code, and that of its build requirements, run here.

Only for projects whose build the user has allowed by name. The build requirements are wheels from the index of the
lock, in an environment of their own; the project itself is not compiled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.lock.pip.projects.entry import ProjectEntry, error_at
from conda_lockstep.lock.pip.projects.static_metadata import ProjectMetadata
from conda_lockstep.lock.pip.wheel_metadata import parse_metadata
from conda_lockstep.text.bounded_text import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECONDS = 600
_LEGACY = "setuptools.build_meta:__legacy__"
_HOOKS = """\
import importlib, json, os, sys
task = json.loads(sys.argv[1])
os.chdir(task["folder"])
sys.path[:0] = [os.path.abspath(path) for path in task["path"]]
module, _, parts = task["backend"].partition(":")
backend = importlib.import_module(module)
for part in filter(None, parts.split(".")):
    backend = getattr(backend, part)
hook = getattr(backend, task["hook"], None)
answer = hook(*task["arguments"]) if hook else None
with open(task["answer"], "w", encoding="utf-8") as file:
    json.dump(answer, file)
"""


@dataclass(frozen=True, slots=True)
class MetadataBuild:
    """Asks builds for their metadata.

    ``indexes`` are uv's variables for the package indexes, ``cache`` is uv's folder, None for its own.
    """

    indexes: Mapping[str, str]
    cache: Path | None = None

    def __call__(self, entry: ProjectEntry, folder: Path) -> ProjectMetadata:
        """Return the metadata. Raises ``LockstepError`` at the entry where the build fails."""
        with TemporaryDirectory(prefix="lockstep-") as temporary:
            run = _MetadataRun(self, entry, folder.absolute(), Path(temporary))
            return run.metadata()


@dataclass(frozen=True, slots=True)
class _MetadataRun:
    build: MetadataBuild
    entry: ProjectEntry
    folder: Path
    temporary: Path

    def metadata(self) -> ProjectMetadata:
        system = self._build_system()
        requires = [str(each) for each in system.get("requires", ["setuptools"])]
        self._uv(
            "venv",
            "--quiet",
            "--python",
            sys.executable,
            "--no-python-downloads",
            str(self.temporary / "venv"),
        )
        self._install(requires)
        more = self._hook(system, "get_requires_for_build_wheel")
        self._install([str(each) for each in more] if isinstance(more, list) else [])
        out = self.temporary / "metadata"
        out.mkdir()
        name = self._hook(system, "prepare_metadata_for_build_wheel", str(out))
        path = out / str(name) / "METADATA"
        if not isinstance(name, str) or not path.is_file():
            raise self._failed("its build backend tells no metadata without a whole build")
        text = read_text(path)
        headers = HeaderParser().parsestr(text, headersonly=True)
        own, version = normalize(str(headers.get("Name", ""))), str(headers.get("Version", ""))
        return ProjectMetadata(own, version, parse_metadata(text), tuple(requires))

    def _build_system(self) -> Mapping[str, list[object] | str]:
        path = self.folder / "pyproject.toml"
        try:
            table = tomllib.loads(read_text(path)).get("build-system") if path.is_file() else None
        except tomllib.TOMLDecodeError as error:
            raise self._failed(f"its pyproject.toml is not TOML: {error}") from None
        return table if isinstance(table, dict) else {}

    def _install(self, requirements: Sequence[str]) -> None:
        if requirements:
            python = str(
                self.temporary / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
            )
            self._uv(
                "pip", "install", "--quiet", "--python", python, "--only-binary", ":all:", "--", *requirements
            )

    def _hook(self, system: Mapping[str, list[object] | str], hook: str, *arguments: str) -> object:
        answer = self.temporary / "answer.json"
        task = {
            "folder": str(self.folder),
            "path": system.get("backend-path", []),
            "backend": system.get("build-backend", _LEGACY),
            "hook": hook,
            "arguments": arguments,
            "answer": str(answer),
        }
        python = self.temporary / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self._run([str(python), "-I", "-c", _HOOKS, json.dumps(task)], os.environ)
        return json.loads(answer.read_text("utf-8"))

    def _uv(self, *arguments: str) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
        cache = ["--cache-dir", str(self.build.cache)] if self.build.cache else []
        self._run([find_uv_bin(), "--no-config", *cache, *arguments], {**kept, **self.build.indexes})

    def _run(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True, encoding="utf-8", errors="replace", timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise self._failed(f"its build took longer than {SECONDS} s") from None
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise self._failed(f"its build fails: {lines[-1] if lines else 'without a message'}")

    def _failed(self, what: str) -> Exception:
        return error_at(
            self.entry, what, "state its name and dependencies in [project] of its pyproject.toml"
        )
