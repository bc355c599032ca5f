"""Hostile files end in bounded time, whatever rules look at them."""

from __future__ import annotations

import time

import pytest

from conda_lockstep.config import Config
from conda_lockstep.environment.reader import MAX_ENTRIES
from conda_lockstep.lint.engine import runner as lint

MANY = MAX_ENTRIES - 20
LONG = 200_000
UNITS = (
    "=",
    ",>",
    "[",
    " ",
    ".",
    "-",
    "@ ",
    ";",
    ":",
    "/",
    "{{",
    "${",
    "{a",
    "://",
    "-cu1",
    "cuda12,",
    "(",
    "<%",
)
SECONDS = 20
"""Far more than it takes, far less than what grows with the square of a length would."""


def entries(text: str) -> str:
    return f"dependencies:\n{text}"


def conda(value: str) -> str:
    return entries(f'- "{value}"\n')


def pip(value: str) -> str:
    return entries(f'- pip:\n  - "{value}"\n')


FILES = {
    "many frameworks": entries("- pytorch\n" * MANY),
    "many channels": "channels:\n" + "".join(f"- c{n}\n" for n in range(MANY)) + entries("- a\n"),
    "many wrong channels": "channels:\n"
    + "".join(f"- https://m{n}.org/conda-forge\n" for n in range(MANY // 2))
    + "".join(f"- v{n}\n" for n in range(MANY // 2))
    + entries("- a\n"),
    "many CUDAs": entries("".join(f"- cuda-nvcc={n % 90 + 10}.*\n" for n in range(MANY))),
    "many wheels": entries("- pip:\n" + "  - torch==1+cu118\n" * MANY),
    "many prefixes": "channels: [a]\n" + entries("".join(f"- c{n}::a{n}\n" for n in range(MANY))),
    "many selectors": entries("- a # [x]\n" * MANY),
    "many templates": entries("- a={{x}}\n" * MANY),
    "many keys": "".join(f"k{n}: 1\n" for n in range(MANY)) + entries("- a\n"),
    "many variables": entries("- a\n") + "variables:\n" + "".join(f"  A{n}_TOKEN: s{n}xyz\n" for n in range(MANY)),
    "a long name": entries("- " + "a" * LONG + "\n"),
    "a long channel": 'channels: ["' + "a/" * LONG + '"]\n' + entries("- a\n"),
    "brackets in a comment": entries("- a  # " + "[" * LONG + "\n"),
    "brackets and parentheses in a comment": entries("- a  # " + "[a](" * (LONG // 2) + "\n"),
    "a long number": f"name: {'1_' * LONG}\n" + entries("- a\n"),
    "many schemes": "x-a: '" + "://" * LONG + "'\n" + entries("- a\n"),
    **{
        f"{unit!r} {kind.__name__}": kind(f"a{unit * (LONG // len(unit))}b")
        for kind in (conda, pip)
        for unit in UNITS
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_ends_in_bounded_time(name: str) -> None:
    config = Config()
    chosen = lint.select(config)
    start = time.monotonic()
    file = lint.parse_text(FILES[name], "environment.yml")
    lint.lint(file, chosen, config)
    lint.fix(file, chosen, config, unsafe=True)
    assert time.monotonic() - start < SECONDS
