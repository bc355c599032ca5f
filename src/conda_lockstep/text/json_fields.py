"""Reads typed values out of JSON that somebody else wrote: snapshots, reports, events, API answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from conda_lockstep.errors import LockstepError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def load_json(text: str | bytes) -> Json:
    """Parse JSON from elsewhere.

    Raises ``ValueError`` for what is not JSON, is nested too deeply to be read, or has half of a surrogate pair in a
    text, which no file and no terminal can take.
    """
    try:
        value: Json = json.loads(text)
        if (b"\\u" if isinstance(text, bytes) else "\\u") in text:  # type: ignore[operator]
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object; ``where`` names its source in errors. Paths are keys joined by dots."""

    values: Mapping[str, Json]
    where: str

    def text(self, path: str) -> str:
        """Return the text at this path; LockstepError where there is none."""
        value = self._find(path)
        if not isinstance(value, str):
            raise self._wrong(path, "text")
        return value

    def number(self, path: str) -> int:
        """Return the whole number at this path; LockstepError where there is none."""
        value = self._find(path)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(path, "a whole number")
        return value

    def optional_number(self, path: str) -> int:
        """Return the whole number at this path, 0 where it is absent or null."""
        return 0 if self._find(path) is None else self.number(path)

    def flag(self, path: str) -> bool:
        """Return the truth value at this path, False where it is absent or null."""
        value = self._find(path)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self._wrong(path, "true or false")
        return value

    def optional_text(self, path: str) -> str:
        """Return the text at this path, empty where it is absent or null."""
        return "" if self._find(path) is None else self.text(path)

    def child(self, path: str) -> Fields:
        """Return the object at this path; LockstepError where there is none."""
        value = self._find(path)
        if not isinstance(value, dict):
            raise self._wrong(path, "an object")
        return Fields(value, f"{self.where} {path}")

    def has(self, path: str) -> bool:
        """Whether something other than null is there."""
        return self._find(path) is not None

    def children(self, path: str) -> Iterator[Fields]:
        """Yield the objects of the list at this path, none where it is absent or null."""
        value = self._find(path)
        if value is None:
            return
        if not isinstance(value, list):
            raise self._wrong(path, "a list")
        yield from _objects(value, f"{self.where} {path}")

    def texts(self, path: str) -> tuple[str, ...]:
        """Return the list of texts at this path, empty where it is absent or null."""
        value = self._find(path)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(path, "a list of texts")
        texts = tuple(item for item in value if isinstance(item, str))
        if len(texts) != len(value):
            raise self._wrong(path, "a list of texts")
        return texts

    def _find(self, path: str) -> Json:
        first, *rest = path.split(".")
        value = self.values.get(first)
        for key in rest:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    def _wrong(self, path: str, expected: str) -> LockstepError:
        return LockstepError(f"'{path}' is not {expected}", where=self.where)


def parse_object(text: str | bytes, where: str) -> Fields:
    """Parse a JSON object; LockstepError where the text is none."""
    value = _parse(text, where)
    if not isinstance(value, dict):
        raise LockstepError("not a JSON object", where=where)
    return Fields(value, where)


def parse_list(text: str | bytes, where: str) -> list[Fields]:
    """Parse a JSON list of objects; LockstepError where the text is none."""
    value = _parse(text, where)
    if not isinstance(value, list):
        raise LockstepError("not a JSON list", where=where)
    return list(_objects(value, where))


def _parse(text: str | bytes, where: str) -> Json:
    try:
        value = load_json(text)
    except ValueError as error:
        raise LockstepError("not JSON", where=where) from error
    return value


def _objects(values: list[Json], where: str) -> Iterator[Fields]:
    for index, item in enumerate(values):
        if not isinstance(item, dict):
            raise LockstepError("not a JSON object", where=f"{where}[{index}]")
        yield Fields(item, f"{where}[{index}]")
