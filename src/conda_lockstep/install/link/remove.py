"""Removes what pip installed, without pip: the interpreter of a damaged prefix may not run."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from conda_lockstep.install.link.present import Owner


def remove_distributions(prefix: Path, strays: Iterable[Owner], owned: Collection[str]) -> None:
    """Remove distributions with their files, but for paths in ``owned``, and the folders that are empty then."""
    for stray in strays:
        folders = set()
        for file in stray.files:
            if file.path in owned:
                continue
            path = prefix / file.path
            with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                path.unlink()
            _remove_compiled(path)
            folders |= {path.parent / "__pycache__", path.parent}
        if stray.record.is_dir() and not stray.record.is_symlink():
            shutil.rmtree(stray.record)
        else:
            stray.record.unlink(missing_ok=True)
        for folder in folders:
            _remove_empty(folder, stray.record.parent)


def _remove_compiled(path: Path) -> None:
    """Remove the byte code of a module, unless its folder is a link."""
    folder = path.parent / "__pycache__"
    if path.suffix == ".py" and not folder.is_symlink():
        for compiled in folder.glob(f"{path.stem}.*.pyc"):
            compiled.unlink(missing_ok=True)


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder and those above it, as long as they are empty, below site-packages."""
    while top in folder.parents:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent
