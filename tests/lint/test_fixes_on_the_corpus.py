from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler import BuildString, MatchSpec, PackageRecord

from conda_lockstep.config import Config
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.registry import rules
from conda_lockstep.lint.targets.environment_file import EnvironmentTarget
from tests.lint import test_pins, test_pip
from tests.support.corpus import environment_files, find_corpus

ALL = tuple(rule.name for rule in rules(("pins", "pip")))


def readable() -> list[EnvironmentFile]:
    files = []
    for path in environment_files("environments", "odd", "pairs"):
        try:
            files.append(read(path))
        except LockstepError:
            continue
    return files


def test_every_finding_lies_in_its_file_and_says_what_to_do() -> None:
    chosen = lint.select(Config(), ALL)
    for file in readable():
        for finding in lint.lint(EnvironmentTarget(file), chosen, Config()):
            line = file.source.line(finding.line)
            assert 1 <= finding.column <= len(line) + 1
            assert (finding.end_line, finding.end_column) >= (finding.line, finding.column)
            assert finding.message and finding.help
            assert finding.lines[0] == line or "***" in finding.lines[0]


@pytest.mark.parametrize("unsafe", [False, True])
def test_fixing_twice_is_fixing_once_and_leaves_nothing_to_fix(unsafe: bool) -> None:
    for file in readable():
        # Where one mapping holds a key twice, what a fix leaves is read as something else: it is not applied.
        if not lint.lint(EnvironmentTarget(file), lint.select(Config(), ("duplicate-key",)), Config()):
            _fix_to_the_end(file, unsafe)


_conda = st.sampled_from([entry for good, bad in test_pins.GOOD_AND_BAD.values() for entry in (*good, *bad)])
_pip = st.sampled_from([entry for good, bad in test_pip.GOOD_AND_BAD.values() for entry in (*good, *bad)])
_block = st.one_of(
    _conda.map(lambda entry: f"- {entry}\n"),
    st.lists(_pip, max_size=4).map(
        lambda entries: "- pip:\n" + "".join(f"  - {entry}\n" for entry in entries)
    ),
    st.lists(_pip, min_size=1, max_size=3).map(
        lambda entries: "- pip:\n" + "".join(f"    - {e} # c\n" for e in entries)
    ),
    st.sampled_from(["- pip\n", "# a comment\n", "\n", "- pip: []\n", "- x: y\n"]),
)


@given(st.lists(_block, min_size=1, max_size=8), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=600, deadline=None)
def test_fixing_a_generated_file_twice_is_fixing_it_once(
    blocks: list[str], crlf: bool, cut: bool, unsafe: bool
) -> None:
    text = "channels: [conda-forge]\ndependencies:\n" + "".join(blocks)
    text = text.rstrip("\n") if cut else text
    try:
        file = parse(text.replace("\n", "\r\n") if crlf else text, "environment.yml")
    except LockstepError:
        return
    after = _fix_to_the_end(file, unsafe)
    assert ("\r" in after) is ("\r" in file.source.text)
    assert "\r" not in after.replace("\r\n", "")


def test_comments_and_line_ends_survive_a_safe_fix() -> None:
    chosen = lint.select(Config(), ("pins", "pip"))
    for file in readable():
        target = EnvironmentTarget(file)
        after = lint.fix(target, chosen, Config(), unsafe=False).text
        assert sorted(_comments(after)) == sorted(_comments(file.source.content)), file.path
        assert ("\r\n" in after) == ("\r\n" in file.source.text)


def test_a_safe_fix_lets_in_the_versions_that_were_let_in_before() -> None:
    chosen = lint.select(Config(), ALL)
    looked_at = 0
    for file in readable():
        fixed = lint.fix(EnvironmentTarget(file), chosen, Config(), unsafe=False)
        after = parse(fixed.text.removeprefix("\ufeff"), file.path)
        old, new = _specs(file), _specs(after)
        assert old.keys() <= new.keys() <= {*old.keys(), "pip"}
        for name, specs in old.items():
            if specs == new[name]:
                continue
            for version in _candidates(specs | new[name]):
                looked_at += 1
                assert _let_in(specs, name, version) == _let_in(new[name], name, version), (
                    specs,
                    new[name],
                    version,
                )
    assert looked_at > (100 if find_corpus() else 10)


_heads = st.sampled_from(
    [
        "channels: [conda-forge]\n",
        "channels:\n  - defaults # mixed\n  # the vendor's\n  - pytorch\n  -   conda-forge\n  - pytorch\n",
        "name: a b  # spaced\nprefix: /opt/x # old\nchannels:\n- http://c.example.org/x\n- nvidia\n- pypi\n",
        "chanels: [x]\nname: 3.10\nchannels: conda-forge  # one\n",
        "variables:\n  # why\n  LD_LIBRARY_PATH: /x # path\n  A: b\nchannels: [https://a:hunter2@c.org/x]\n",
    ]
)
_gpu = st.sampled_from(
    "pytorch=2.4 pytorch pytorch-cuda=12.4 cudatoolkit=12.1 cudatoolkit cuda-version==12 cuda-version>=12 nccl "
    "mpi4py=4 cudnn torchvision cpuonly tensorflow lightgbm git+https://a/b python:3.10".split()
).map(lambda entry: f"- {entry}\n")
_own_line = st.integers(0, 99).map(lambda number: f"# own line {number}\n")
_behind = st.tuples(st.one_of(_conda, _gpu.map(lambda line: line[2:-1])), st.integers(0, 99)).map(
    lambda pair: f"- {pair[0]}  # behind {pair[1]}\n" if "#" not in pair[0] else f"- {pair[0]}\n"
)


_sections = st.sampled_from(
    [
        "- pip:\n  # own line 100\n  - numpy\n  # own line 101\n",
        "- pip:\n    # own line 102\n    - wandb==1\n",
        "- pip:\n# own line 103\n- scipy=1\n",
    ]
)
_blocks = st.lists(st.one_of(_gpu, _own_line, _behind, _sections, _block), min_size=1, max_size=9)


@given(_heads, _blocks, st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_fixes_of_all_families_get_along_and_comments_survive(
    head: str, blocks: list[str], top_level: bool, crlf: bool, unsafe: bool
) -> None:
    newline = "\r\n" if crlf else "\n"
    text = head + "dependencies:\n" + "".join(blocks) + "pip:\n# own line 104\n- rich==1\n" * top_level
    text = text.replace("\n", newline)
    try:
        file = parse(text, "environment.yml")
    except LockstepError:
        return
    chosen = lint.select(Config())
    once = lint.fix(EnvironmentTarget(file), chosen, Config(), unsafe=unsafe)
    again = lint.fix(lint.parse_text(once.text, file.path), chosen, Config(), unsafe=unsafe)
    assert (again.text, again.done) == (once.text, ())
    assert set(re.findall(r"\r?\n", once.text)) == {newline}
    assert once.done or once.text == text
    # Of two sections that are the same to the letter, one may stay.
    before, after = (
        {line.strip() for line in re.findall(r"^\s*#.*", each, re.MULTILINE)} for each in (text, once.text)
    )
    assert before <= after <= before | {each.strip() for each in re.findall(r"(?<=\s)#.*", text)}
    # The comment behind an entry stays where the entry goes.
    behind, left = (Counter(re.findall(r"# behind \d+", each)) for each in (text, once.text))
    assert behind == left
    assert "hunter2" not in " ".join(once.done)


def test_comments_on_lines_of_their_own_survive_every_fix() -> None:
    chosen = lint.select(Config())
    for file in readable():
        after = lint.fix(EnvironmentTarget(file), chosen, Config(), unsafe=True).text
        before, left = (
            Counter(line.strip() for line in each.splitlines() if line.lstrip().startswith("#"))
            for each in (file.source.content, after)
        )
        assert not before - left, file.path
        behind = Counter(
            f"#{comment}" for line in file.source.content.splitlines() for comment in line.split(" #")[1:]
        )
        assert not left - before - behind, file.path


def _fix_to_the_end(file: EnvironmentFile, unsafe: bool) -> str:
    chosen = lint.select(Config(), ALL)
    once = lint.fix(EnvironmentTarget(file), chosen, Config(), unsafe=unsafe)
    text = once.text.removeprefix("\ufeff")
    again = lint.fix(lint.parse_text(text, file.path), chosen, Config(), unsafe=unsafe)
    assert (again.text.removeprefix("\ufeff"), again.done) == (text, ()), file.path
    assert not [left for left in once.left if left.fix and (unsafe or left.fix.safety == "safe")], file.path
    return text


def _comments(text: str) -> list[str]:
    """Return the comments behind entries, and those on lines of their own that may have been behind one."""
    return [line.partition("#")[2].strip() for line in text.splitlines() if re.search(r"(?:^|\s)#", line)]


def _specs(file: EnvironmentFile) -> dict[str, frozenset[str]]:
    by_name: dict[str, set[str]] = defaultdict(set)
    for entry in read_entries(file).conda:
        by_name[entry.spec.name].add(entry.item.value)
    return {name: frozenset(specs) for name, specs in by_name.items()}


def _candidates(specs: frozenset[str]) -> set[str]:
    versions = {"0", "999"}
    for text in specs:
        for clause in (
            MatchSpec(text, strict=False).version.replace("|", ",").split(",") if "=" in text else []
        ):
            version = clause.strip("=<>!~ ").removesuffix(".*")
            if version not in ("", "*"):
                versions |= {version, f"{version}.0", f"{version}.1", f"{version}.99"}
    return versions


def _let_in(specs: frozenset[str], name: str, version: str) -> bool:
    record = PackageRecord(name, version, BuildString("0"), 0, "linux-64")
    return all(
        MatchSpec(
            f"{name}[version='{found}']" if (found := MatchSpec(text, strict=False).version) else name
        ).matches(record)
        for text in specs
    )


def test_no_fix_adds_an_error() -> None:
    """Neither an error of a rule that reported none, nor one more of a rule that did."""
    chosen = lint.select(Config())
    looked_at = 0
    for file in readable():
        target = EnvironmentTarget(file)
        for unsafe in (False, True):
            fixed = lint.fix(target, chosen, Config(), unsafe=unsafe)
            if fixed.done:
                looked_at += 1
                before, after = (
                    _errors(found) for found in (lint.lint(target, chosen, Config()), fixed.left)
                )
                assert not after - before, (file.path, after - before)
    assert looked_at > 100


def _errors(findings: Iterable[lint.Finding]) -> Counter[str]:
    return Counter(finding.rule for finding in findings if finding.severity == "error")
