"""``lockstep import``: converts another tool's lock, an export or a prefix into a lock."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.config import Config
    from conda_lockstep.lock.model.lock import Lock


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "source",
        type=Path,
        metavar="FILE|PREFIX",
        help="a conda-lock file, a pixi.lock, an @EXPLICIT file, the output of 'conda env export', or an environment",
    )
    parser.add_argument(
        "--platform", action="append", default=[], metavar="SUBDIR", help="default: all in the source"
    )
    parser.add_argument(
        "--environment", default="default", metavar="NAME", help="which environment of a pixi.lock"
    )
    parser.add_argument(
        "--fill", action="store_true", help="look up missing details in the channels and the index"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return import_lock(
        arguments.source,
        names(arguments.platform),
        environment=arguments.environment,
        fill=arguments.fill,
        output=arguments.output,
    )


_ENVIRONMENT = re.compile(r"^dependencies\s*:", re.MULTILINE)
_URL = re.compile(r"^(?:https?|file|s3|oci)://", re.MULTILINE)
_CATEGORY = re.compile(r"^\s*(?:- )?category: *(?!main\s*$)(\S+)", re.MULTILINE)
_RECORDS = re.compile(r"^\s*(time_metadata|git_metadata|inputs_metadata):", re.MULTILINE)


def import_lock(
    path: Path, platforms: Sequence[str], *, environment: str, fill: bool, output: Path | None
) -> int:
    """Write the canonical lock of a file or a prefix to a file or to standard output."""
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.lock.formats.canonical import canonical, of_platforms
    from conda_lockstep.text.atomic import write_text

    lock, lost = _of_prefix(path) if path.is_dir() else _of_file(path, platforms, environment)
    lock = of_platforms(lock, platforms, str(path))
    if fill:
        lock = _filled(lock, path)
    imported = canonical(lock, path.as_posix(), filled=fill)
    text = cep37.render(imported.lock)
    if output:
        write_text(output, text)
    else:
        terminal.write_document(text)
    for line in (*lost, *imported.lost, *_for_conda_lock(imported.lock, fill=fill)):
        print(f"lockstep: {path}: {line}", file=sys.stderr)
    return 0


def _of_prefix(path: Path) -> tuple[Lock, tuple[str, ...]]:
    from conda_lockstep.snapshot import as_lock as lock
    from conda_lockstep.snapshot import prefix

    return lock.lock_of(prefix.read(path)), (_WITHOUT_CONSTRAINS,)


def _of_file(path: Path, platforms: Sequence[str], environment: str) -> tuple[Lock, tuple[str, ...]]:
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.lock.formats import detect as formats
    from conda_lockstep.lock.model.paths import is_lock
    from conda_lockstep.text.bounded_text import read_text

    text = read_text(path)
    lock = formats.parse(text, str(path), environment)
    if lock is not None:
        return lock, tuple(_lost(text, lock))
    if _ENVIRONMENT.search(text):
        return _of_exported(path, text, platforms), ()
    if _URL.search(text):
        from conda_lockstep.lock.formats import explicit

        explicit.parse(text, str(path))  # says what is missing
    if is_lock(path.name) or "lock" in path.name:
        cep37.parse(text, str(path))  # says why it is none
    raise LockstepError(
        "is no lock, and no environment file",
        where=str(path),
        remedy="name a conda-lock file, a pixi.lock, an @EXPLICIT file, an exported environment.yml or a prefix",
    )


def _of_exported(path: Path, text: str, platforms: Sequence[str]) -> Lock:
    from conda_lockstep.environment.reader import parse
    from conda_lockstep.lock.solve.dates import horizon_of, utc_now
    from conda_lockstep.lock.update.import_lock import lock_from_export
    from conda_lockstep.lock.update.lock_target import settings_of

    if len(platforms) > 1:
        raise LockstepError(
            "what is installed is of one platform", where=str(path), remedy="name one --platform"
        )
    file = parse(text, str(path))
    config = _config(path)
    horizon = horizon_of("", config.min_age, utc_now())
    settings = settings_of(file, config, platforms=platforms, horizon=horizon)
    if len(settings.platforms) > 1:
        names = ", ".join(settings.platforms)
        raise LockstepError(
            f"is for {names}: builds are of one platform", where=str(path), remedy="name it with --platform"
        )
    return lock_from_export(file, settings)


def _filled(lock: Lock, path: Path) -> Lock:
    from conda_lockstep.lock.channels.channels import Mirrors
    from conda_lockstep.lock.update.import_lock import complete_records
    from conda_lockstep.lock.update.make import Settings

    config = _config(path)
    settings = Settings(
        tuple(lock.platforms), mirrors=Mirrors(config.mirrors, config.trust), index=config.pypi_index
    )
    return complete_records(lock, settings, str(path))


def _config(path: Path) -> Config:
    from conda_lockstep.conda.trust import TRUSTED
    from conda_lockstep.settings import load
    from conda_lockstep.text.resolve_path import resolve_path

    return load(Path.cwd() if path.is_dir() else resolve_path(path).parent, TRUSTED)


_WITHOUT_CONSTRAINS = (
    "what packages only constrain is left out, but for their bounds on the machine; so are sizes and licences"
)


def _lost(text: str, lock: Lock) -> Iterator[str]:
    """Yield what a lock of another format says and the canonical one does not."""
    if lock.source_format == "pixi":
        yield _WITHOUT_CONSTRAINS
        yield from lock.notices
    elif lock.source_format == "explicit":
        if any(not package.depends for packages in lock.platforms.values() for package in packages.values()):
            yield "what each package depends on is not known; --fill asks the channels, and 'lock --check' needs it"
        if not lock.complete:
            yield "it holds conda's part alone: what pip installed besides is not known"
    else:
        categories = sorted(set(_CATEGORY.findall(text)))
        if categories:
            yield f"its categories become one environment: main, {', '.join(categories)}"
        records = sorted(set(_RECORDS.findall(text)))
        if records:
            yield f"who locked it, when and from what commit is left out: {', '.join(records)}"


def _for_conda_lock(lock: Lock, *, fill: bool) -> Iterator[str]:
    """Yield what keeps conda-lock from reading the lock that is written."""
    without = {
        package.name
        for packages in lock.platforms.values()
        for package in packages.only("conda").values()
        if not package.md5
    }
    if without:
        count = "1 conda package has" if len(without) == 1 else f"{len(without)} conda packages have"
        what = f"{count} no md5, which conda-lock wants beside the sha256 (micromamba and mamba do not)"
        yield what if fill else f"{what}: --fill asks the channels"
