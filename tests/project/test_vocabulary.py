"""The code's words: a class name stands for one thing, and names are the field's terms."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"

RETIRED = frozenset(
    "adopt asked asker askers befell blame echoes mend mended said says spoken subdued told unfit whence "
    "whose worlds".split()
)
"""Words that names do not have: the field has a more exact one, such as *requested* or *virtual packages*."""

PROTOCOLS = frozenset({"whence"})
"""Names that an interface of Python prescribes (``io.IOBase.seek``)."""


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SRC.rglob("*.py")):
        yield path.relative_to(SRC).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name


def test_a_class_name_stands_for_one_class() -> None:
    places = defaultdict(list)
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(f"{path}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_names_are_the_terms_of_the_field() -> None:
    found = {
        f"{path}: {name}"
        for path, tree in _trees()
        for name in _names(tree)
        if name not in PROTOCOLS and RETIRED & set(re.split(r"_|(?<=[a-z])(?=[A-Z])", name.lower()))
    }
    assert sorted(found) == []
