"""Fresh locks as a patch: git applies it, and as Markdown it ends where it should."""

from __future__ import annotations

from pathlib import Path

import cmarkgfm
import pytest
from tests.support.repository import Repository

from conda_lockstep.github.handoff.upstream_handoff import Refreshed
from conda_lockstep.github.publish.patch import patch_of, shown


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\n", "a\nc\n"),
        ("", "a\n"),
        ("a\n", ""),
        ("a", "a\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\x0bb\x85\u2028c\n", "a\n"),
        ("é\n", "ü\n"),
    ],
)
@pytest.mark.parametrize(
    "path",
    ["conda-lock.yml", "envs/gpu a100.conda-lock.yml", "envs/größe.conda-lock.yml", 'a"b.conda-lock.yml'],
)
def test_git_applies_the_patch(tmp_path: Path, path: str, before: str, after: str) -> None:
    repository = Repository(tmp_path / "repository")
    target = repository.folder / path
    repository.git("config", "core.autocrlf", "false")
    if before:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(before.encode())
    repository.commit({"other": "stays\n"})
    patch = patch_of([Refreshed(path, before, after)], tmp_path)
    (tmp_path / "locks.patch").write_bytes(patch.encode())
    repository.git("apply", str(tmp_path / "locks.patch"))
    assert (target.read_bytes().decode() if target.exists() else "") == after
    assert (repository.folder / "other").read_text() == "stays\n"
    assert sorted(tmp_path.iterdir()) == [tmp_path / "locks.patch", repository.folder]


def test_the_settings_of_whoever_runs_it_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text("[diff]\nexternal = false\n[color]\nui = always\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert "\n-a\n+b\n" in patch_of([Refreshed("conda-lock.yml", "a\n", "b\n")], tmp_path)


def test_nothing_is_no_patch(tmp_path: Path) -> None:
    assert patch_of([], tmp_path) == ""
    assert shown("", 1000) == ""


def test_a_patch_cannot_end_its_own_block() -> None:
    patch = "+```\n+# <b>@octocat</b>\n+````\n+~~~\n"
    html = cmarkgfm.github_flavored_markdown_to_html(shown(patch, 10_000))
    assert html.count("<pre") == 1
    assert "<b>" not in html
    assert "+````\n+~~~" in html


def test_what_does_not_fit_is_said_or_left_out() -> None:
    assert "has 500 lines" in shown("+x\n" * 500, 400)
    assert shown("+x\n" * 500, 10) == ""
