"""The log as text and as a page: as it was looked at, whole without its script, and without foreign markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.render.hostile import ATTACKS, Page, texts
from tests.support.locks import conda_package
from tests.support.snapshots import assert_as_seen

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import Operand
from conda_lockstep.drift.history.commits import LogCommit
from conda_lockstep.drift.history.history import (
    History,
    LockHistory,
    LogEntry,
    PlatformState,
    package_histories,
)
from conda_lockstep.packages import PackageSet
from conda_lockstep.render.history import html, text

SNAPSHOTS = Path(__file__).parent / "snapshots"
DAY = 86_400
START = 1_704_067_200
BOTH = ("linux-64", "linux-aarch64")


def commit(number: int, subject: str) -> LogCommit:
    return LogCommit(f"{number:x}" * 40, START + 30 * DAY * number, subject)


def operand(versions: dict[str, str], platforms: tuple[str, ...]) -> Operand:
    held = {
        platform: PackageSet.of(
            conda_package(*pair, platform)._replace(channel="", url="") for pair in versions.items()
        )
        for platform in platforms
    }
    return Operand("conda-lock.yml", "conda-lock", held)


def state(lock: Operand) -> dict[str, PlatformState]:
    return {
        platform: PlatformState(packages.environment_id, len(packages), tuple(packages.values()))
        for platform, packages in lock.platforms.items()
    }


def history(word: str = "", *, asked: bool = False) -> History:
    """Return a history of everything there is; ``word`` stands wherever somebody else writes a text."""
    name, platforms = f"nccl{word}", BOTH if not word else (*BOTH, f"p{word}")
    locks = [
        operand({"python": "3.11.8", name: f"2.28.3{word}", "tqdm": "4.66.1"}, platforms),
        operand({"python": "3.11.8", name: f"2.29.1{word}", "tqdm": "4.66.4"}, platforms),
        operand({"python": "3.12.4", name: f"2.29.1{word}"}, platforms[:1]),
    ]
    states = [state(lock) for lock in locks]
    first, second, third = (commit(number, f"Commit {number}{word}") for number in (1, 2, 3))
    path = f"conda-lock.yml{word}"
    entries = (
        LogEntry(first, "created", path, "a", states[0], {}),
        LogEntry(
            second, "changed", path, "b", states[1], states[0], compare(locks[0], locks[1]),
            merged=tuple(commit(number, f"Merged {number}{word}") for number in range(4, 9)),
        ),
        LogEntry(commit(9, f"Oops{word}"), "changed", path, "c", {}, states[1], unreadable=f"{path}:1: bad{word}"),
        LogEntry(
            third, "renamed", path, "d", states[2], states[1], compare(locks[1], locks[2]), f"old.yml{word}",
            notes=(f"a note{word}",),
        ),
        LogEntry(commit(10, "Drop"), "deleted", path, "", {}, states[2]),
        LogEntry(commit(11, "Again"), "restored", path, "e", states[1], states[2], compare(locks[2], locks[1])),
    )  # fmt: skip
    lock = LockHistory(path, entries, {})
    packages = tuple(package_histories(lock, lambda *_: first)) if asked else ()
    return History(
        "f" * 40, (lock, LockHistory("b.yml", (), states[0], is_whole=False)), "", (f"note{word}",), packages
    )


@pytest.mark.parametrize("asked", [False, True], ids=["log", "packages"])
def test_it_looks_as_it_was_looked_at(asked: bool) -> None:
    name = "packages" if asked else "log"
    shown = history(asked=asked)
    page = re.sub(
        r"<style>.*?</style>|<script>.*?</script>|sha256-[\w+/=]+", "", html.render(shown), flags=re.DOTALL
    )
    assert_as_seen(page, SNAPSHOTS / f"{name}.html")
    assert_as_seen(text.render(shown), SNAPSHOTS / f"{name}.txt")


def test_the_page_loads_nothing_and_has_no_inline_style() -> None:
    found = Page(html.render(history(asked=True)))
    assert not {"img", "image", "use", "link", "iframe", "a"} & set(found.elements)
    names = {name for _, name, _ in found.attributes}
    assert not {"src", "href", "action", "style"} & names
    assert {"svg", "rect", "circle", "details", "figcaption"} <= set(found.elements)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_markup(attack: str) -> None:
    assert_harmless(attack)


@given(texts)
@settings(max_examples=60, deadline=None)
def test_no_combination_of_texts_becomes_markup(attack: str) -> None:
    assert_harmless(attack)


def assert_harmless(attack: str) -> None:
    for asked in (False, True):
        hostile = history(f"x{attack}", asked=asked)
        found, plain = Page(html.render(hostile)), Page(html.render(history("xplain", asked=asked)))
        # A longer version may not fit into its bar.
        assert {**found.elements, "text": 0} == {**plain.elements, "text": 0}
        assert {(tag, name) for tag, name, _ in found.attributes} <= {
            (tag, name) for tag, name, _ in plain.attributes
        }
        assert found.comments == 0
        printed = text.render(hostile)
        assert all(char.isprintable() or char == "\n" for char in printed)
        assert printed.count("\n") == text.render(history("xplain", asked=asked)).count("\n")
