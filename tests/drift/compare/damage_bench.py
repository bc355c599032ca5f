"""A real prefix that is damaged, looked at and restored, again and again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conda_lockstep.drift.compare.operands import Operand, from_installed
from conda_lockstep.drift.compare.verify import failures, pair, report
from conda_lockstep.drift.report import Row
from conda_lockstep.errors import LockstepError
from conda_lockstep.snapshot import deep
from conda_lockstep.snapshot.prefix import read_contents


class Bench:
    """A prefix, the variables and the home of its user, and how to undo each change.

    Each method that changes a path keeps what was there. ``undo`` restores everything.
    """

    def __init__(self, prefix: Path, locked: Operand, aside: Path) -> None:
        self.prefix, self.locked, self.aside = prefix, locked, aside
        self.home = aside / "home"
        self.environ: dict[str, str] = {}
        self._undo: list[Callable[[], object]] = []
        self._count = 0
        self.site = next(prefix.glob("lib/python3.*/site-packages")).relative_to(prefix).as_posix()
        self.library = self.site.rpartition("/")[0]
        self.python = self.library.rpartition("/")[2]

    def reset(self) -> None:
        self.environ = {"HOME": str(self.home)}
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)

    def undo(self) -> None:
        while self._undo:
            self._undo.pop()()

    def find(self, *, every_file: bool) -> list[Row]:
        """Return the rows that fail ``verify``; an error counts as one."""
        try:
            contents = read_contents(self.prefix, self.environ)
            installed = deep.look(contents).installed if every_file else contents.installed
            return list(
                failures(report(pair(from_installed(installed, str(self.prefix), "prefix"), self.locked)))
            )
        except LockstepError as error:
            return [Row("error", "", (), "critical", "", "", str(error))]

    def full(self, path: str) -> Path:
        path = path.format(site=self.site, library=self.library, python=self.python)
        if "*" in path:
            (found,) = self.prefix.glob(path)
            return found
        return self.prefix / path

    def keep(self, path: Path) -> Path:
        """Move what is at a path aside, and return where it is now; undo moves it back."""
        self._count += 1
        kept = self.aside / f"kept{self._count}"
        existed = os.path.lexists(path)
        if existed:
            path.rename(kept)
        else:
            above = path.parent
            missing = [above] if not above.exists() else []
            while missing and not missing[-1].parent.exists():
                missing.append(missing[-1].parent)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._undo.append(lambda: [shutil.rmtree(each, ignore_errors=True) for each in missing])

        def restore() -> None:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif os.path.lexists(path):
                path.unlink()
            if existed:
                kept.rename(path)

        self._undo.append(restore)
        return kept

    def write(self, path: str, data: bytes | str = b"", mode: int | None = None) -> None:
        full = self.full(path)
        old = full.stat().st_mode if full.is_file() else None
        self.keep(full)
        full.write_bytes(data.encode() if isinstance(data, str) else data)
        full.chmod(mode or (old & 0o7777 if old else 0o644))

    def change(self, path: str, edit: Callable[[bytes], bytes]) -> None:
        self.write(path, edit(self.full(path).read_bytes()))

    def remove(self, path: str) -> None:
        self.keep(self.full(path))

    def link(self, path: str, target: str) -> None:
        full = self.full(path)
        self.keep(full)
        full.symlink_to(target)

    def folder(self, path: str) -> None:
        full = self.full(path)
        self.keep(full)
        full.mkdir()

    def fifo(self, path: str) -> None:
        full = self.full(path)
        self.keep(full)
        os.mkfifo(full)

    def chmod(self, path: str, mode: int) -> None:
        full = self.full(path)
        old = full.stat().st_mode & 0o7777
        if full.is_file():
            data = full.read_bytes()
            self.keep(full)
            full.write_bytes(data)
        full.chmod(mode)
        self._undo.append(lambda: full.exists() and full.chmod(old))

    def linked_elsewhere(self, path: str) -> None:
        """Replace a file or folder by a link to a copy of it outside of the prefix."""
        full = self.full(path)
        kept = self.keep(full)
        outside = self.aside / f"outside{self._count}"
        (shutil.copytree if kept.is_dir() else shutil.copy2)(kept, outside)
        full.symlink_to(outside)

    def renamed(self, path: str, name: str) -> None:
        full = self.full(path)
        target = full.with_name(name.format(site=self.site, library=self.library, python=self.python))
        data = full.read_bytes() if full.is_file() else None
        kept = self.keep(full)
        self.keep(target)
        if data is None:
            shutil.copytree(kept, target, symlinks=True)
        else:
            target.write_bytes(data)

    def record(self, name: str, edit: Callable[[dict[str, Any]], object]) -> None:
        """Edit the JSON of a package's record."""
        path = f"conda-meta/{name}-[0-9]*.json"
        fields = json.loads(self.full(path).read_bytes())
        edit(fields)
        self.write(path, json.dumps(fields, indent=2))

    def outside(self, path: str, data: bytes | str = b"") -> Path:
        """Write a file outside of the prefix and return its path."""
        full = self.aside / "outside" / path
        full.parent.mkdir(parents=True, exist_ok=True)
        self._undo.append(lambda: shutil.rmtree(self.aside / "outside", ignore_errors=True))
        full.write_bytes(data.encode() if isinstance(data, str) else data)
        return full

    def at_home(self, path: str, data: str = "") -> Path:
        full = self.home / path.format(python=self.python)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(data)
        return full

    def moved(self, to: str) -> None:
        """Move the whole prefix."""
        old, new = self.prefix, self.prefix.with_name(to)
        old.rename(new)
        self.prefix = new

        def back() -> None:
            new.rename(old)
            self.prefix = old

        self._undo.append(back)
