"""Installs the local and git projects of a lock, after everything else: their builds run, with what is locked alone.

A build gets no network and no environment of its own (``--no-build-isolation``): what it needs is in the prefix, and so
in the lock. Its result is not proved: it is what the code of the checkout makes of it on this machine. What is proved
is the commit and the tree of a git project, that the project is the locked one, and that the lock has what it needs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import Folder, GitCommit, local_path, project_source
from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.link.pip_part import python_of
from conda_lockstep.install.link.present import look
from conda_lockstep.install.link.project_options import ProjectOptions
from conda_lockstep.install.link.records import replace_origin
from conda_lockstep.lock.pip.projects.git import Git
from conda_lockstep.lock.pip.requirement_lines import repository
from conda_lockstep.packages import Package, PackageSet

SOURCES = "src"
"""The folder of the prefix that editable git projects are cloned into, as pip does."""


def install_projects(
    projects: Sequence[Package], packages: PackageSet, prefix: Path, options: ProjectOptions
) -> None:
    """Install projects, those that others need first.

    Raises ``LockstepError`` for one that cannot be built, and for one that is not what the lock says.
    """
    for package in _in_order(projects):
        source = project_source(package)
        if isinstance(source, Folder):
            folder = _local_folder(package, source, options.root)
            info = _install(package, folder, prefix, editable=source.editable)
        elif isinstance(source, GitCommit) and source.editable:
            folder = prefix / SOURCES / package.name
            _remove(folder)
            _clone(package, source, folder, options)
            info = _install(package, folder / source.subdirectory, prefix, editable=True)
        elif isinstance(source, GitCommit):
            with TemporaryDirectory(prefix="lockstep-") as temporary:
                folder = Path(temporary) / "checkout"
                _clone(package, source, folder, options)
                info = _install(package, folder / source.subdirectory, prefix, editable=False)
            replace_origin(info, json.dumps(_origin(source)))
        else:
            continue
        _refuse_other(package, info, packages, prefix)


def _origin(source: GitCommit) -> dict[str, object]:
    """Return the ``direct_url.json`` of a commit (PEP 610)."""
    revision = {"requested_revision": source.rev} if source.rev else {}
    facts = {"vcs": "git", **revision, "commit_id": source.commit}
    inside = {"subdirectory": source.subdirectory} if source.subdirectory else {}
    return {"url": source.url, **inside, "vcs_info": facts}


def _in_order(projects: Sequence[Package]) -> Iterator[Package]:
    waiting = {package.name: package for package in projects}
    while waiting:
        ready = [
            package
            for package in waiting.values()
            if not any(
                normalize(split(spec)[0]) in waiting.keys() - {package.name} for spec in package.depends
            )
        ]
        for package in ready or [next(iter(waiting.values()))]:
            yield waiting.pop(package.name)


def _local_folder(package: Package, source: Folder, root: Path) -> Path:
    folder = root / source.path
    if not folder.resolve().is_relative_to(repository(root.resolve())):
        what = f"{package.name} is locked from {source.path}, which is not in the repository"
        raise LockstepError(
            what, where=str(root), remedy="lock again, or name the folder with --project-root"
        )
    if not folder.is_dir() or not any(folder.iterdir()):
        what = f"{package.name} is locked from {source.path}, and there is no such project"
        remedy = "check the repository out with its submodules, or name its folder with --project-root"
        raise LockstepError(what, where=str(root), remedy=remedy)
    return folder


def _clone(package: Package, source: GitCommit, folder: Path, options: ProjectOptions) -> None:
    git = Git(folder.parent, options.trust)
    try:
        url = options.urls.get(source.url, source.url)
        tree = git.clone(url, source.commit, folder, recorded_url=source.url)
    except LockstepError as error:
        raise LockstepError(f"{package.name}: {error.what}", where=source.url, remedy=error.remedy) from None
    if source.tree and tree != source.tree:
        what = f"commit {source.commit} of {package.name} has the tree {tree}, and {source.tree} is locked"
        raise LockstepError(what, where=source.url, remedy="find out why, then lock again")


def _install(package: Package, folder: Path, prefix: Path, *, editable: bool) -> Path:
    """Build and install a project from a folder; return its ``.dist-info``."""
    mode = ["--editable"] if editable else []
    with TemporaryDirectory(prefix="lockstep-") as temporary:
        done = subprocess.run(
            [
                find_uv_bin(), "pip", "install", "--no-config", "--python", str(python_of(prefix)), "--offline",
                "--no-deps", "--no-build-isolation", "--reinstall", "--break-system-packages", "--no-cache",
                "--color", "never", "--no-progress", *mode, str(folder.absolute()),
            ],
            env=_environment(prefix, temporary), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
    if done.returncode:
        raise _failure(package, done.stderr)
    return _info(package, folder, prefix)


def _environment(prefix: Path, temporary: str) -> Mapping[str, str]:
    """Return the environment of a build: the compilers and the CUDA of the prefix come first."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    programs = str(python_of(prefix).parent)
    return {
        **kept,
        "PATH": os.pathsep.join(filter(None, (programs, kept.get("PATH", "")))),
        "CONDA_PREFIX": str(prefix),
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "COLUMNS": "10000",
    }


def _failure(package: Package, text: str) -> LockstepError:
    lines = [line.rstrip() for line in without_credentials(text).splitlines() if line.strip()]
    missing = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", text)
    if missing:
        what = f"the build of {package.name} needs '{missing[1]}', which the lock does not have"
        remedy = "add it to the environment file, and lock again"
        return LockstepError(what, remedy=remedy, detail=tuple(lines[-20:]))
    reason = next((line.strip() for line in reversed(lines) if "rror" in line), lines[-1] if lines else "")
    what = f"the build of {package.name} fails: {re.sub(r'^(?:cause|error): ', '', reason.strip())}"
    return LockstepError(what, remedy="see its output above", detail=tuple(lines[-20:]))


def _info(package: Package, folder: Path, prefix: Path) -> Path:
    """Return the ``.dist-info`` that a build left. Raises ``LockstepError`` where it made another project."""
    for owner in look(prefix).pip:
        source = project_source(owner.package)
        place = Path(local_path(source.path)).resolve() if isinstance(source, Folder) else None
        if owner.package.name == package.name and place == folder.resolve():
            return owner.record
    what = f"the build of {package.name} made another project"
    raise LockstepError(what, remedy="lock again: its name may have changed")


def _refuse_other(package: Package, info: Path, packages: PackageSet, prefix: Path) -> None:
    """Raise ``LockstepError`` where what was installed needs what is not locked, or lies over other packages' files."""
    from conda_lockstep.lock.check.installed_project import unmet_needs

    for spec, held in unmet_needs(package, info / "METADATA", packages):
        what = f"the build of {package.name} says that it needs '{spec}', and the lock has {held}"
        raise LockstepError(what, remedy=f"lock again with --allow-build {package.name}")
    present = look(prefix)
    own = next(owner for owner in present.pip if owner.record == info)
    others = {
        file.path: owner.package
        for owner in (*present.conda, *present.pip)
        if owner is not own
        for file in owner.files
    }
    for file in own.files:
        if file.path in others:
            what = f"{package.name} was installed over {file.path} of {others[file.path]}"
            raise LockstepError(what, remedy="take one of the two out of the environment file")


def _remove(folder: Path) -> None:
    """Remove a clone, and never what a link leads to."""
    if folder.parent.is_symlink():
        what = "is a link, and a project would be cloned where it leads"
        raise LockstepError(what, where=str(folder.parent), remedy="remove the link")
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
