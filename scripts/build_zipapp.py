"""Builds the commands that a bare node needs into one file: ``python -m scripts.build_zipapp``, dist/lockstep.pyz.

It holds the modules that those commands import, found by reading their imports, and ``packaging``, which orders the
versions of pip. They lie there compiled, too, for nodes that have the Python of this build; any other compiles them
at every start, which takes a tenth of a second. The same sources give the same bytes.
"""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from conda_lockstep.cli import main as cli

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "dist" / "lockstep.pyz"
COMMANDS = ("verify", "fleet", "snapshot", "diff", "probe")
DATA = ("data/*.txt", "data/*.LICENSE", "probe/inside.py", "render/assets/*")

_SOURCE = ROOT / "src"
_PACKAGE = "conda_lockstep"
_ROOTS = ("cli.main", *(f"cli.{command.module}" for command in cli.COMMANDS if command.name in COMMANDS))
_MOMENT = (2020, 1, 1, 0, 0, 0)
_MAIN = """import sys

if sys.version_info < (3, 10):
    sys.exit("lockstep: needs Python 3.10 or newer, this is %d.%d" % sys.version_info[:2])

from conda_lockstep.cli import main as cli

cli.COMMANDS = tuple(command for command in cli.COMMANDS if command.name in {commands!r})
cli.entry()
"""


def build(target: Path = TARGET) -> Path:
    """Write the archive and return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        # Not compressed: a start reads all of it.
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in sorted(_with_byte_code(_members())):
                member = zipfile.ZipInfo(name, _MOMENT)
                member.external_attr = 0o644 << 16
                archive.writestr(member, content)
    target.chmod(0o755)
    return target


def _members() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _MAIN.format(commands=COMMANDS).encode()
    for module in sorted(_modules()):
        yield module.relative_to(_SOURCE).as_posix(), module.read_bytes()
    for pattern in DATA:
        for path in (_SOURCE / _PACKAGE).glob(pattern):
            yield path.relative_to(_SOURCE).as_posix(), path.read_bytes()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()
    version = importlib.metadata.version("conda-lockstep")
    metadata = f"Metadata-Version: 2.1\nName: conda-lockstep\nVersion: {version}\n"
    yield f"conda_lockstep-{version}.dist-info/METADATA", metadata.encode()
    packaging = importlib.metadata.distribution("packaging")
    for file in packaging.files or ():
        if file.suffix == ".py" or "LICENSE" in file.name:
            yield file.as_posix(), file.read_binary()


def _with_byte_code(members: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Compile in an interpreter that did nothing else: what it writes depends on what it did before."""
    sources = dict(members)
    yield from sources.items()
    with tempfile.TemporaryDirectory() as folder:
        modules = [name for name in sources if name.endswith(".py")]
        for name in modules:
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_bytes(sources[name])
        options = ["-q", "-b", "--invalidation-mode", "unchecked-hash", "-s", folder, "-p", TARGET.name]
        command = [sys.executable, "-S", "-m", "compileall", *options, folder]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": "0"})
        yield from ((f"{name}c", Path(folder, f"{name}c").read_bytes()) for name in modules)


def _modules() -> set[Path]:
    """Return what the commands import, directly or not, inside of functions, too; and the packages around it."""
    waiting = [f"{_PACKAGE}.{name}" for name in _ROOTS]
    found: set[Path] = set()
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _imports(path)
        waiting.append(name.rpartition(".")[0])
    return found


def _file_of(name: str) -> Path | None:
    path = _SOURCE.joinpath(*name.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((each for each in candidates if name.startswith(_PACKAGE) and each.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(_PACKAGE)
        ):
            yield node.value  # a module that is named, to be run in a process of its own


if __name__ == "__main__":
    built = build()
    print(f"{built.relative_to(ROOT)}  {built.stat().st_size / 1e3:.0f} kB", file=sys.stdout)
