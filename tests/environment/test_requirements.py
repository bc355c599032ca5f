from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pip._internal.req.req_file import preprocess

from conda_lockstep.config import Config
from conda_lockstep.environment.environment_file import EnvironmentFile, Item, ListOf, PipSection
from conda_lockstep.environment.requirements import named_by, parse_requirements
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.text.source import Span, UnreadableFileError

PARTS = ["numpy", "numpy==1.2", " ", "#", " # why", "a#b", "\\\n", " \\\n  ", "\n", "\n\n", "-r x.txt",
         "--hash=sha256:0", "@ https://a/b#egg=c", "lockstep: ignore=unpinned-pip"]  # fmt: skip


def texts(text: str) -> list[str]:
    return [item.value for item in parse_requirements(text, "requirements.txt").pip_items]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
@settings(max_examples=300, deadline=None)
def test_entries_are_those_that_pip_reads(text: str) -> None:
    # pip joins lines before it looks for comments; a backslash at the end of a comment is nobody's intention.
    if any("#" in line and line.endswith("\\") for line in text.split("\n")):
        return
    by_pip = [line.strip() for _, line in preprocess(text) if line.strip()]
    assert [" ".join(one.split()) for one in texts(text)] == [" ".join(one.split()) for one in by_pip]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_entry_stands_where_it_is_written(newline: str) -> None:
    text = newline.join(["# x", "  numpy==1  # y", "torch==2 \\", "  --hash=sha256:0", "scipy"])
    file = parse_requirements(text, "requirements.txt")
    found = [(item.value, text[slice(*item.span)], item.verbatim) for item in file.pip_items]
    assert found == [
        ("numpy==1", "numpy==1", True),
        ("torch==2 --hash=sha256:0", f"torch==2 \\{newline}  --hash=sha256:0", False),
        ("scipy", "scipy", True),
    ]


def test_a_requirements_file_is_one_pip_section_and_nothing_else() -> None:
    file = parse_requirements("a==1\n", "requirements.txt")
    nowhere = Span(0, 0)
    (entry,) = file.pip_items
    section = PipSection(Item("string", "pip", nowhere), "sequence", (entry,), nowhere, flow=True)
    assert entry == Item("string", "a==1", Span(0, 4), verbatim=True)
    assert file == EnvironmentFile(
        file.source, (), ListOf("missing", (), nowhere), (section,), "sequence", nowhere
    )


def test_more_entries_than_anybody_writes_are_refused() -> None:
    with pytest.raises(
        UnreadableFileError, match=r"r\.txt:1:1: it holds more than 2,000 entries; name the right file"
    ):
        parse_requirements("a\n" * 2001, "r.txt")
    assert len(texts("a\n" * 2000)) == 2000


def test_an_explicit_list_of_condas_is_no_requirements_file() -> None:
    assert texts("# platform: linux-64\n@EXPLICIT\nhttps://c.org/linux-64/a-1-0.conda\n") == []


def test_files_are_found_through_files_and_loops_end(tmp_path: Path) -> None:
    environment = tmp_path / "environment.yml"
    environment.write_text(
        "dependencies:\n- pip:\n  - -r a.txt\n  - --requirement=sub/b.txt\n  - -r gone.txt\n  - -r https://x/y.txt\n"
        "  - -r environment.yml\n"
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("-r sub/b.txt\n-r a.txt\n")
    (tmp_path / "sub" / "b.txt").write_text("-r c.txt  # beside it\n-c constraints.txt\n")
    (tmp_path / "sub" / "c.txt").write_bytes(b"\xff\xfe")
    names = {path.relative_to(tmp_path).as_posix() for path in named_by(environment)}
    assert names == {"a.txt", "sub/b.txt", "sub/c.txt"}
    environment.write_text("dependencies: [\n")
    assert named_by(environment) == ()


def test_files_outside_of_the_repository_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    (repository / "envs").mkdir(parents=True)
    (repository / "base.txt").write_text("numpy\n")
    (tmp_path / "secret.txt").write_text("hunter2\n")
    (repository / "link.txt").symlink_to(tmp_path / "secret.txt")
    environment = repository / "envs" / "environment.yml"
    (repository / "loop.txt").symlink_to("loop.txt")
    named = ["../base.txt", "../../secret.txt", "../link.txt", str(tmp_path / "secret.txt"), "../loop.txt"]
    named.append("a" * 5000 + ".txt")
    environment.write_text("dependencies:\n- pip:\n" + "".join(f"  - -r {name}\n" for name in named))
    monkeypatch.chdir(repository)
    assert [path.name for path in named_by(environment)] == ["base.txt"]
    monkeypatch.chdir(repository / "envs")
    assert named_by(environment) == ()


def test_rules_that_need_no_conda_entries_look_at_them(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(
        "numpy  # lockstep: ignore=unpinned-pip tested with any\n# lockstep: ignore=unpinned-pip\n\nscipy\n"
        "# lockstep: ignore=unpinned-pip\nrich==1\npytorch==2\nfoo=1\nfoo==1\nfoo==1\n--trusted-host x\n"
    )
    found = [
        (one.line, one.column, one.rule) for one in lint.lint_path(path, lint.select(Config()), Config())
    ]
    assert found == [
        (5, 1, "unused-suppression"),
        (7, 1, "wrong-ecosystem-name"),
        (8, 4, "invalid-requirement"),
        (10, 1, "duplicate-requirement"),
        (11, 1, "insecure-index"),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_fixes_leave_the_rest_as_it_is(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "requirements.txt"
    before = ["# x", "numpy=1  # y", "a==1 \\", "  --hash=sha256:0", "  scipy==1 # z", "scipy==1", "", "b"]
    after = ["# x", "numpy==1  # y", "a==1 \\", "  --hash=sha256:0", "  scipy==1 # z", "", "b"]
    path.write_bytes(newline.join(before).encode())
    fixed = lint.fix_path(path, lint.select(Config()), Config(), unsafe=True)
    assert path.read_bytes().decode() == newline.join(after)
    assert len(fixed.done) == 2
    assert lint.fix_path(path, lint.select(Config()), Config(), unsafe=True).done == ()
