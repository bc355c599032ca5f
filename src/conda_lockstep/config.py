"""The project's settings, from ``[tool.lockstep]`` in ``pyproject.toml`` or from ``lockstep.toml``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from conda_lockstep.errors import LockstepError

FILE_NAME = "lockstep.toml"

DEFAULT_CHANNEL_ORDER = ("pytorch", "nvidia", "*", "conda-forge", "defaults")
"""Vendors first, as their own installation pages say; ``*`` stands for every channel not named."""

DEFAULT_PIP_ALLOW = (
    "accelerate",
    "bitsandbytes",
    "datasets",
    "diffusers",
    "evaluate",
    "huggingface-hub",
    "peft",
    "tokenizers",
    "transformers",
    "trl",
    "vllm",
    "wandb",
)
"""What moves faster on PyPI than in any channel, and is therefore no stray pip entry."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings with their defaults. ``root`` is the folder of the file they came from.

    ``channel_order`` lists channel names from first to last, ``*`` for any other. ``pip_allow`` lists PyPI names that
    ``stray-pip`` leaves alone. ``mirrors`` maps the URL that a lock holds to the one that is fetched
    from, both as prefixes. ``pypi_index`` is the simple index of the pip part, as it is written to locks.
    ``platforms`` are the subdirs to lock for where the environment file names none.
    """

    root: Path | None = None
    channel_order: tuple[str, ...] = DEFAULT_CHANNEL_ORDER
    pip_allow: tuple[str, ...] = DEFAULT_PIP_ALLOW
    mirrors: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    pypi_index: str = "https://pypi.org/simple"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def load(start: Path) -> Config:
    """Return the settings nearest to a folder: its own, or those of the closest folder above it.

    Raises ``LockstepError`` for a broken file, an unknown key or a value of the wrong type.
    """
    for folder in (start, *start.parents):
        own, project = folder / FILE_NAME, folder / "pyproject.toml"
        if own.is_file():
            return _from_table(_toml(own), own)
        if project.is_file() and b"tool.lockstep" in _bytes(project):
            tools = _toml(project).get("tool", {})
            table = tools.get("lockstep") if isinstance(tools, dict) else None
            if isinstance(table, dict):
                return _from_table(table, project)
    return Config()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LockstepError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _toml(path: Path) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(_bytes(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LockstepError(f"not TOML: {error}", where=str(path), remedy="mend the file") from None


def _from_table(table: Mapping[str, object], path: Path) -> Config:
    values = {}
    for key, value in table.items():
        reader = _READERS.get(key)
        if reader is None:
            import difflib

            close = difflib.get_close_matches(key, _READERS, n=1)
            remedy = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(_READERS)}"
            raise LockstepError(f"unknown setting '{key}'", where=str(path), remedy=remedy)
        values[key.replace("-", "_")] = reader(key, value, path)
    return replace(Config(root=path.parent), **values)  # type: ignore[arg-type]


def _strings(key: str, value: object, path: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise LockstepError(f"'{key}' must be a list of strings", where=str(path))


def _string(key: str, value: object, path: Path) -> str:
    if isinstance(value, str):
        return value
    raise LockstepError(f"'{key}' must be a string", where=str(path))


def _table(key: str, value: object, path: Path) -> Mapping[str, str]:
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return dict(value)
    raise LockstepError(f"'{key}' must be a table of strings", where=str(path))


_BY_TYPE: Mapping[str, Callable[[str, object, Path], object]] = {
    "tuple[str, ...]": _strings,
    "str": _string,
    "Mapping[str, str]": _table,
}
_READERS = {
    entry.name.replace("_", "-"): _BY_TYPE[str(entry.type)]
    for entry in fields(Config)
    if entry.name != "root"
}
