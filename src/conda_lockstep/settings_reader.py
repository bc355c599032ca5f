"""Reads a table of settings into a ``Config``; every error is one line with its place."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from conda_lockstep.conda.subdirs import PLATFORMS
from conda_lockstep.config import FILE_NAME, PYPROJECT, Config, DeclaredMachine, Level, Precision
from conda_lockstep.errors import Location, LockstepError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read(content: bytes, path: Path) -> Config | None:
    """Read the settings of a file; None for a ``pyproject.toml`` without settings.

    Raises ``LockstepError`` for invalid TOML, an unknown key, or a value that the key does not accept.
    """
    try:
        text = content.decode("utf-8-sig")
        document: Mapping[str, object] = tomllib.loads(text)
    except UnicodeDecodeError:
        raise LockstepError("is not UTF-8", where=str(path), remedy="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), path) from None
    place = _Place(path, text, ())
    if path.name == PYPROJECT:
        tool = document.get("tool")
        found = tool.get("lockstep") if isinstance(tool, dict) else None
        if found is None:
            return None
        place = place.at("tool").at("lockstep")
        document = _table(found, place)
    return _config(document, place)


class _Place(NamedTuple):
    """The place of a value: the file, its text, and the keys that lead to it."""

    path: Path
    text: str
    keys: tuple[str, ...]

    def at(self, key: str) -> _Place:
        return self._replace(keys=(*self.keys, key))

    @property
    def shown(self) -> str:
        keys = self.keys[2:] if self.path.name == PYPROJECT else self.keys
        quoted = (key if re.fullmatch(r"[\w-]+", key) else f'"{key}"' for key in keys)
        return ".".join(quoted) or "tool.lockstep"

    def wrong(self, what: str, remedy: str = "") -> LockstepError:
        return LockstepError(what, where=Location(str(self.path), _line(self.text, self.keys)), remedy=remedy)

    def must_be(self, expected: str, value: object, remedy: str = "") -> LockstepError:
        return self.wrong(f"'{self.shown}' must be {expected}, not {_kind(value)}", remedy)

    def unknown(self, what: str, known: Iterable[str]) -> LockstepError:
        return self.wrong(what, suggestion(self.keys[-1], known))


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown name: the closest known name, or all of them."""
    import difflib

    names = sorted(known)
    # 'channel_order' and 'channelOrder' are as close as 'chanel-order'.
    spelled = re.sub(r"_|(?<=[a-z])(?=[A-Z])", "-", name).lower()
    close = difflib.get_close_matches(spelled, names, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known names: {', '.join(names)}"


def _config(table: Mapping[str, object], place: _Place) -> Config:
    values: dict[str, Any] = {}
    for key, value in table.items():
        reader = _READERS.get(key)
        if reader is None:
            if key == "tool" and place.path.name == FILE_NAME:
                remedy = "in lockstep.toml the settings are at the top level: remove '[tool.lockstep]'"
                raise place.at(key).wrong("unknown setting 'tool'", remedy)
            raise place.at(key).unknown(f"unknown setting '{key}'", _READERS)
        values[key.replace("-", "_")] = reader(value, place.at(key))
    return Config(root=place.path.parent)._replace(**values)


def _string(value: object, place: _Place) -> str:
    if not isinstance(value, str):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        raise place.must_be("a string", value, "put it in quotes" if number else "")
    return value


def _strings(value: object, place: _Place) -> tuple[str, ...]:
    if not isinstance(value, list):
        remedy = f'write ["{value}"]' if isinstance(value, str) else ""
        raise place.must_be("a list of strings", value, remedy)
    for item in value:
        if not isinstance(item, str):
            raise place.wrong(f"'{place.shown}' must be a list of strings, but contains {_kind(item)}")
    return tuple(value)


def _table(value: object, place: _Place) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise place.must_be("a table", value)
    return value


def _string_table(value: object, place: _Place) -> Mapping[str, str]:
    return {key: _string(item, place.at(key)) for key, item in _table(value, place).items()}


def _strings_table(value: object, place: _Place) -> Mapping[str, tuple[str, ...]]:
    return {key: _strings(item, place.at(key)) for key, item in _table(value, place).items()}


def _choice(value: object, place: _Place, choices: tuple[str, ...]) -> str:
    text = _string(value, place)
    if text not in choices:
        raise place.wrong(f"'{place.shown}' is '{text}'", f"use one of {', '.join(choices)}")
    return text


def _levels(value: object, place: _Place) -> Mapping[str, str]:
    return {key: _choice(item, place.at(key), get_args(Level)) for key, item in _table(value, place).items()}


def _precisions(value: object, place: _Place) -> Mapping[str, str]:
    choices = get_args(Precision)
    return {key.lower(): _choice(item, place.at(key), choices) for key, item in _table(value, place).items()}


def _url(value: object, place: _Place) -> str:
    url = _string(value, place)
    if not re.match(r"(?:https?|file)://", url):
        raise place.wrong(f"'{place.shown}' must be a URL, not '{url}'", "begin it with https://")
    return url


def _pattern(value: object, place: _Place) -> str:
    pattern = _string(value, place)
    try:
        re.compile(pattern)
    except re.error as error:
        raise place.wrong(f"'{place.shown}' is not a regular expression: {error}", "correct it") from None
    return pattern


def _platform(value: object, place: _Place) -> str:
    name = _string(value, place)
    if name not in PLATFORMS:
        what = f"'{place.shown}' has an unknown platform: '{name}'"
        raise place.wrong(what, suggestion(name, PLATFORMS))
    return name


def _platforms(value: object, place: _Place) -> tuple[str, ...]:
    return tuple(_platform(name, place) for name in _strings(value, place))


def _machines(value: object, place: _Place) -> tuple[DeclaredMachine, ...]:
    return tuple(_machine(name, item, place.at(name)) for name, item in _table(value, place).items())


def _machine(name: str, value: object, place: _Place) -> DeclaredMachine:
    table = _table(value, place)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        what = f"'{name}' is not a valid machine name: it becomes part of a file name"
        raise place.wrong(what, "use letters, digits, '-' and '_'")
    for key in table:
        if key not in _MACHINE:
            raise place.at(key).unknown(f"unknown setting '{key}' of machine '{name}'", _MACHINE)
    if "platform" not in table:
        raise place.wrong(f"machine '{name}' has no platform", 'write platform = "linux-64"')
    if "driver" in table and "cuda" in table:
        what = f"machine '{name}' has both driver and cuda"
        raise place.at("cuda").wrong(what, "keep one: the driver determines the CUDA version")
    machine = DeclaredMachine(
        name, **{key: _MACHINE[key](item, place.at(key)) for key, item in table.items()}
    )
    for key in table:
        if not machine.platform.startswith(_ONLY_ON.get(key, "")):
            raise place.at(key).wrong(
                f"'{key}' does not apply to {machine.platform} (machine '{name}')", "remove it"
            )
    return machine


_ONLY_ON: Mapping[str, tuple[str, ...]] = {
    "glibc": ("linux-",),
    "driver": ("linux-", "win-"),
    "cuda": ("linux-", "win-"),
}
"""The platforms on which these keys apply."""


def _version(value: object, place: _Place) -> str:
    text = _string(value, place)
    if not re.fullmatch(r"\d+(?:\.\d+)*", text):
        raise place.wrong(f"'{place.shown}' must be a version, not '{text}'", 'write it as "12.4"')
    return text


def _processor(value: object, place: _Place) -> str:
    text = _string(value, place)
    if not re.fullmatch(r"[a-z0-9_]+", text):
        what = f"'{place.shown}' must be an archspec processor name, not '{text}'"
        raise place.wrong(what, 'write it as "x86_64_v3"')
    return text


def _days(value: object, place: _Place) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise place.must_be("a number of days", value, "write it as 7")
    return value


_MACHINE: Mapping[str, Callable[[object, _Place], str]] = {
    "platform": _platform,
    "driver": _version,
    "cuda": _version,
    "glibc": _version,
    "archspec": _processor,
}
_READERS: Mapping[str, Callable[[object, _Place], object]] = {
    "exclude": _strings,
    "select": _strings,
    "ignore": _strings,
    "extend-select": _strings,
    "per-file-ignores": _strings_table,
    "severity": _levels,
    "channel-order": _strings,
    "name-pattern": _pattern,
    "pip-allow": _strings,
    "install-allow": _strings,
    "pin-precision": _precisions,
    "mirrors": _string_table,
    "pypi-index": _url,
    "platforms": _platforms,
    "machines": _machines,
    "cpu-allow": _strings,
    "min-age": _days,
    "allow-build": _strings,
}
"""Every setting as it is spelled in the file, with its reader."""


def _kind(value: object) -> str:
    """Return the type of a TOML value in words."""
    if isinstance(value, bool):
        return f"{value}".lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    names = {"str": "a string", "list": "a list", "dict": "a table"}
    return names.get(type(value).__name__, f"a {type(value).__name__}")


def _not_toml(message: str, path: Path) -> LockstepError:
    match = re.fullmatch(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    what = f"not TOML: {match[1] if match else message}"
    where = Location(str(path), int(match[2] or 0), int(match[3] or 0)) if match else str(path)
    return LockstepError(what, where=where, remedy="correct the file")


_KEY = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""


def _line(text: str, keys: tuple[str, ...]) -> int:
    """Return the line of a key, 0 if it is not found. It is for messages, so it does not parse TOML."""
    table: tuple[str, ...] = ()
    best = (0, 0)
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[?([^\[\]]+)\]", line)
        pair = re.match(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=", line)
        if header:
            here = table = _keys(header[1])
        elif pair:
            here = (*table, *_keys(pair[1]))
        else:
            continue
        shared = min(len(here), len(keys))
        if here[:shared] == keys[:shared] and shared > best[0]:
            best = (shared, number)
    return best[1]


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))
