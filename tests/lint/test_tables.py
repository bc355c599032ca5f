"""Every rule there is has a row that is right, a row that is wrong, and a test of the place that it points at.

The tables of the families hold most of them; what their layout does not fit is here, as whole files and line:column.
The cases under ``hooks/`` are rows, too: a rule that has one of each kind there needs none elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from conda_lockstep.config import Config
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.registry import Rule, rules
from tests.lint import test_channels, test_document, test_gpu, test_installs, test_pins, test_pip
from tests.lint.rules import test_secrets
from tests.lint.test_lock import ENVIRONMENT, LOCK
from tests.support.lint import of
from tests.support.pages import Case, cases

RULES = rules()
CASES = list(cases())
FILE, LOCKED, SCRIPT = "environment.yml", "conda-lock.yml", "setup.sh"
EXPORT = of(*test_pins.EXPORT, *(f"package{number}=1.2.{number}=py39_0" for number in range(20)))
WITH_LOCK = {FILE: ENVIRONMENT, LOCKED: LOCK}


def locked(entry: str, name: str, version: str = "1.2.3") -> dict[str, str | bytes]:
    """Return a file with an entry, and a lock beside it that holds a package of that name."""
    return {FILE: of(entry), LOCKED: LOCK.replace("name: tzdata", f"name: {name}").replace("2026c", version)}


GOOD: dict[str, list[dict[str, str | bytes]]] = {
    "unreadable-file": [{FILE: of("a")}, {FILE: of("a").replace("\n", "\r\n").encode("utf-8-sig")}],
    "unpinned-conda": [locked("tzdata=2026c", "tzdata", "2026c")],
    "unpinned-collective": [locked("nccl=2.27", "nccl", "2.27.7")],
    "unpinned-python": [{FILE: of("python=3.10")}, locked("python=3.12", "python", "3.12.4")],
    "unpinned-pip": [{FILE: of("a", pip=["b==1", "c===1", "-e .", "git+https://a/b"])}],
    "too-loose-pin": [{FILE: of("numpy=1.26", "scipy=1")}],
    "open-range": [{FILE: of("scipy>=1,<2")}],
    "full-export": [{FILE: of(*test_pins.EXPORT)}],
    "duplicate-spec": [{FILE: of("a", "b", "c::d", "e::d2")}],
    "contradictory-spec": [{FILE: of("a>=1", "a<2")}],
    "unsorted": [{FILE: of("python=3.10", "a", "b", "pip")}],
    "spelling": [{FILE: of("a>=1,<2")}],
    "pip-and-conda": [{FILE: of("a=1", "pip", pip=["b==1"])}],
    "build-needs-torch": [{FILE: of("a", pip=["torch==2.4.0"])}],
    "pip-not-listed": [{FILE: of("pip", pip=["a"])}, {FILE: of("a")}],
    "pip-section-not-last": [{FILE: of("a", pip=["b"])}],
    "multiple-pip-sections": [{FILE: of("a", pip=["b"])}],
    "empty-pip-section": [{FILE: of("a", pip=["b"])}],
    "top-level-pip": [{FILE: of("a", pip=["b"])}],
    "url-without-hash": [{FILE: of("a", pip=[f"https://a/b.whl#sha256={'0' * 64}"])}],
    "local-requirement": [{FILE: of("a", pip=["b==1"])}],
    "extra-index": [{FILE: of("a", pip=["--index-url https://a/simple"])}],
    "insecure-index": [{FILE: of("a", pip=["--index-url https://a/simple"])}],
    "locker-incompatible": [{FILE: of("a", pip=["b==1"])}],
    "duplicate-requirement": [{FILE: of("a", pip=["b==1", "c==1"])}],
    "local-version-without-index": [{FILE: of("a", pip=["-f https://a/whl", "torch==2.4.0+cu121"])}],
    "missing-lock": [WITH_LOCK],
    "stale-lock": [WITH_LOCK],
    "lock-conflict-markers": [{LOCKED: LOCK}],
    "hand-edited-lock": [{LOCKED: LOCK}],
    "lock-without-hash": [{LOCKED: LOCK}],
    "lock-with-credentials": [{LOCKED: LOCK}],
    "create-from-unlocked": [{SCRIPT: "conda env create -f environment.yml\n", FILE: ENVIRONMENT}],
    "unused-suppression": [
        {FILE: of("numpy  # lockstep: ignore=unpinned-conda tested with all")},
        {FILE: "# lockstep: ignore-file=unpinned-conda\n" + of("numpy")},
    ],
}
"""What the rule has nothing to say of: files, the first of which it looks at."""

BAD: dict[str, list[tuple[dict[str, str | bytes], str]]] = {
    "unreadable-file": [
        ({FILE: of("a").encode("utf-16")}, "1:1-1:1"),
        ({FILE: "dependencies:\n- a\n<<<<<<< HEAD\n- b\n"}, "3:1-3:1"),
    ],
    "unpinned-conda": [(locked("tzdata", "tzdata", "2026c"), "3:5-3:11")],
    "unpinned-cuda": [({FILE: of("cuda-version"), LOCKED: LOCK}, "3:5-3:17")],
    "unpinned-collective": [(locked("nccl", "nccl", "2.27.7"), "3:5-3:9")],
    "unpinned-python": [
        ({FILE: of("zlib=1", "python>=3.10  # any")}, "4:5-4:17"),
        (locked("python", "python", "3.12.4"), "3:5-3:11"),
    ],
    "unpinned-pip": [({FILE: of("a", pip=["b>=1  # c"])}, "5:7-5:11")],
    "too-loose-pin": [
        ({FILE: of("zlib=1", "numpy >=1.26")}, "4:5-4:17"),
        (locked("numpy=1", "numpy", "1.26.4"), "3:5-3:12"),
    ],
    "open-range": [({FILE: of("zlib=1", "c::scipy>=1")}, "4:5-4:16")],
    "full-export": [({FILE: EXPORT}, f"3:3-{EXPORT.count(chr(10))}:{len(EXPORT.splitlines()[-1]) + 1}")],
    "duplicate-spec": [({FILE: of("a=1", "b", "a=1  # again")}, "5:5-5:8")],
    "contradictory-spec": [({FILE: of("a=1", "b", "a=2")}, "5:5-5:8")],
    "unsorted": [({FILE: of("b", "a")}, "3:5-3:6")],
    "spelling": [({FILE: of("b=1", "PyYAML >= 6")}, "4:5-4:16")],
    "pip-and-conda": [({FILE: of("numpy=1.26", "pip", pip=["a", "NumPy==1.26.4"])}, "7:7-7:20")],
    "build-needs-torch": [({FILE: of("a", pip=["b", "flash-attn==2.6.3  # c"])}, "6:7-6:24")],
    "pip-not-listed": [({FILE: of("a", pip=["b"])}, "4:5-4:8")],
    "pip-section-not-last": [({FILE: of("a", pip=["b"]) + "  - c\n"}, "4:5-4:8")],
    "multiple-pip-sections": [
        ({FILE: of("a", pip=["b"]) + "  - pip: [c]\n"}, "4:5-4:8"),
        ({FILE: of("a", pip=["b", "c", "d", "e"]) + "  - pip:\n      - f\n"}, "4:5-4:8"),
    ],
    "empty-pip-section": [
        ({FILE: of("a", "pip:", "b")}, "4:5-5:6"),
        ({FILE: of("a", "pip:", "b", "{c: d}")}, "4:5-5:6"),
        ({FILE: of("a", "pip: []", "b")}, "4:5-4:12"),
        ({FILE: of("a", "pip:")}, "4:5-4:9"),
    ],
    "top-level-pip": [
        ({FILE: of("a") + "pip: [b]\n"}, "4:1-4:4"),
        ({FILE: of("a") + "pip:\n  - b\n"}, "4:1-4:4"),
    ],
    "url-without-hash": [({FILE: of("a", pip=["b @ https://a/b.whl  # c"])}, "5:7-5:26")],
    "local-requirement": [({FILE: of("a", pip=["-e ./b"])}, "5:7-5:13")],
    "extra-index": [({FILE: of("a", pip=["--extra-index-url https://a"])}, "5:7-5:34")],
    "insecure-index": [
        ({FILE: of("a", pip=["-i http://a/simple"])}, "5:7-5:25"),
        ({FILE: of("a", pip=["'-i http://a/it''s'"])}, "5:7-5:26"),
    ],
    "locker-incompatible": [({FILE: of("a", pip=["--pre"])}, "5:7-5:12")],
    "duplicate-requirement": [({FILE: of("a", pip=["b==1", "c", "B==1"])}, "7:7-7:11")],
    "local-version-without-index": [({FILE: of("a", pip=["torch==2.4.0+cu121"])}, "5:7-5:25")],
    "missing-lock": [({FILE: ENVIRONMENT}, "4:1-4:13")],
    "stale-lock": [({FILE: ENVIRONMENT.replace("=12.6", "=12.4"), LOCKED: LOCK}, "5:5-5:22")],
    "lock-conflict-markers": [({LOCKED: f"{LOCK}>>>>>>> other\n"}, "42:1-42:8")],
    "hand-edited-lock": [({LOCKED: LOCK.replace("version: '12.6'", "version: '12.9'")}, "6:5-6:81")],
    "lock-without-hash": [
        ({LOCKED: re.sub(r"  hash:\n(    \w+: '2+'\n)+", "  hash: {}\n", LOCK)}, "35:54-35:83"),
    ],
    "lock-with-credentials": [
        ({LOCKED: LOCK.replace("https://conda.", "https://a:hunter2@conda.")}, "23:18-23:25")
    ],
    "create-from-unlocked": [
        ({SCRIPT: "cd .\nconda env create -f environment.yml\n", **WITH_LOCK}, "2:21-2:36"),
    ],
    "unused-suppression": [
        ({FILE: of("a=1  # lockstep: ignore=unpinned-conda old")}, "3:10-3:47"),
        ({FILE: of("a=1  # lockstep: ignore=unpinned-conda,gpu,pip")}, "3:29-3:43"),
        ({FILE: "# lockstep: ignore-file=unpinned-conda\n" + of("a=1")}, "1:1-1:39"),
    ],
}
"""What the rule speaks of, and where: line and column of the beginning and the end."""


@pytest.mark.parametrize(("rule", "files"), [(rule, files) for rule, rows in GOOD.items() for files in rows])
def test_a_rule_has_nothing_to_say_of_what_is_right(
    rule: str, files: dict[str, str | bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _places(rule, files, tmp_path, monkeypatch) == []


@pytest.mark.parametrize(
    ("rule", "files", "place"), [(rule, *row) for rule, rows in BAD.items() for row in rows]
)
def test_a_rule_points_at_what_is_wrong(
    rule: str, files: dict[str, str | bytes], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _places(rule, files, tmp_path, monkeypatch) == [place]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_good_row_a_bad_row_and_a_place(rule: Rule) -> None:
    reported = [_is_reported(case) for case in CASES if case.rule == rule.name]
    has_good = GOOD_ROWS[rule.name] > 0 or False in reported
    has_bad = BAD_ROWS[rule.name] > 0 or True in reported
    assert (has_good, has_bad, rule.name in PLACED or True in reported) == (True, True, True)


def test_there_are_as_many_good_rows_as_bad_ones() -> None:
    assert GOOD_ROWS.total() >= BAD_ROWS.total()


def _places(
    rule: str, files: dict[str, str | bytes], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Lint the first of some files for a rule, and return where its findings begin and end."""
    monkeypatch.chdir(folder)
    for name, content in files.items():
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    # A suppression is unused where the rule that it names was run.
    others = ("unpinned-conda",) if rule == "unused-suppression" else ()
    found = lint.lint_path(Path(next(iter(files))), lint.select(Config(), (rule, *others)), Config())
    return [f"{one.line}:{one.column}-{one.end_line}:{one.end_column}" for one in found if one.rule == rule]


def _count() -> tuple[Counter[str], Counter[str]]:
    """Count the good and the bad rows of each rule over all tables."""
    good = Counter({rule: len(rows) for rule, rows in GOOD.items()})
    bad = Counter({rule: len(rows) for rule, rows in BAD.items()})
    for module in (test_document, test_channels, test_gpu, test_secrets):
        good.update({rule: len(rows) for rule, rows in module.GOOD.items()})
        bad.update({rule: len(rows) for rule, rows in module.BAD.items()})
    for module in (test_pins, test_pip):
        good.update({rule: len(rows[0]) for rule, rows in module.GOOD_AND_BAD.items()})
        bad.update({rule: len(rows[1]) for rule, rows in module.GOOD_AND_BAD.items()})
    good.update(rule for _, rule, _, is_bad in test_installs.ROWS if not is_bad)
    bad.update(rule for _, rule, _, is_bad in test_installs.ROWS if is_bad)
    return good, bad


def _placed() -> set[str]:
    """Return the rules of which some table says exactly where a finding stands."""
    tables = (BAD, *(module.BAD for module in (test_document, test_channels, test_gpu, test_secrets)))
    found = {rule for table in tables for rule in table}
    for module, name in ((test_pins, 0), (test_pip, 0), (test_installs, 1)):
        rows = module.test_a_finding_points_at_what_is_wrong.pytestmark[0].args[1]
        found |= {row[name] for row in rows}
    return found


def _is_reported(case: Case) -> bool:
    """Return whether the output that was looked at has a finding of the case's rule, which has its place."""
    return f" {case.rule}: ".encode() in (case.read("expected.txt") or b"")


GOOD_ROWS, BAD_ROWS = _count()
PLACED = _placed()
