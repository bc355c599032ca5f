"""``lockstep init``: hooks and workflows in a repository, with all that was there before."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from conda_lockstep.cli.environment.init import WORKFLOWS
from conda_lockstep.cli.environment.init.pre_commit_config import HOOKS
from conda_lockstep.cli.main import main
from tests.support.repository import Repository

ROOT = Path(__file__).parents[2]
TAG = f"v{version('conda-lockstep')}"
CONFIG = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/environment.yml"
CHECKS = "checks the conda environments of every pull request, and keeps one comment on what drifted"
URL = "https://github.com/conda-lockstep/conda-lockstep"

OURS = f"""\
  - repo: {URL}
    rev: {TAG}
    hooks:
      - id: lockstep
        args: [--fix]
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository, and the working folder."""
    made = Repository(tmp_path / "repository")
    monkeypatch.chdir(made.folder)
    return made


def config_after(repository: Repository, before: str) -> str:
    """Run ``init`` on a configuration; pre-commit accepts the result, and a second run changes nothing."""
    path = repository.folder / CONFIG
    path.write_bytes(before.encode())
    assert main(["init", "--no-workflows"]) == 0
    after = path.read_bytes()
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", path], check=True, capture_output=True
    )
    assert main(["init", "--no-workflows"]) == 0
    assert path.read_bytes() == after
    return after.decode()


def test_a_repository_without_anything_gets_both(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{CONFIG}: added lockstep at {TAG}",
        f"{WORKFLOW}: written: {CHECKS}; and pushes to main",
        "next: pre-commit install && pre-commit run --all-files",
    ]
    assert (repository.folder / CONFIG).read_text() == f"repos:\n{OURS}"
    workflow = (repository.folder / WORKFLOW).read_text()
    assert f"uses: conda-lockstep/conda-lockstep@{TAG} #" in workflow
    assert "# Copy to" not in workflow


def test_a_second_run_changes_nothing_and_says_so(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"])
    repository.commit({})
    capsys.readouterr()
    assert main(["init"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{CONFIG}: unchanged, has lockstep at {TAG}",
        f"{WORKFLOW}: unchanged, uses the Action at {TAG}",
    ]
    assert repository.git("status", "--porcelain") == ""


@pytest.mark.parametrize("below", [".", "envs/gpu"])
def test_it_works_from_any_folder_of_the_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    (repository.folder / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(repository.folder / below)
    assert main(["init"]) == 0
    assert (repository.folder / CONFIG).exists()
    assert (repository.folder / WORKFLOW).exists()


PEER = """\
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.14.0  # by hand
    hooks:
      - id: ruff
"""
WIDE = """\
-   repo: local   # ours
    hooks:
    -   id: mine
        name: mine
        entry: 'true'
        language: system
        args: [--one,
               --two]
"""
WIDE_OURS = f"""\
-   repo: {URL}
    rev: {TAG}
    hooks:
    -   id: lockstep
        args: [--fix]
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"repos:\n{OURS}"),
        ("# nothing yet\n", f"# nothing yet\nrepos:\n{OURS}"),
        ("# nothing yet", f"# nothing yet\nrepos:\n{OURS}"),
        ("fail_fast: true\n", f"fail_fast: true\nrepos:\n{OURS}"),
        ("repos: []\n", f"repos:\n{OURS}"),
        ("repos: []  # none\nfail_fast: true\n", f"repos:\n{OURS[:-1]}  # none\nfail_fast: true\n"),
        ("repos:\nfail_fast: true\n", f"repos:\n{OURS}fail_fast: true\n"),
        (f"repos:\n{PEER}", f"repos:\n{PEER}{OURS}"),
        (f"repos:\n{PEER}".rstrip("\n"), f"repos:\n{PEER}{OURS}".rstrip("\n")),
        (f"\ufeffrepos:\n{PEER}", f"\ufeffrepos:\n{PEER}{OURS}"),
        (
            f"repos:\n{PEER}    # about ruff\n# about ci\nci: {{skip: [ruff]}}\n",
            f"repos:\n{PEER}    # about ruff\n{OURS}# about ci\nci: {{skip: [ruff]}}\n",
        ),
        (f"repos:\n{PEER}\n{PEER}\nfail_fast: true\n", f"repos:\n{PEER}\n{PEER}\n{OURS}\nfail_fast: true\n"),
        (f"repos:\n{WIDE}", f"repos:\n{WIDE}{WIDE_OURS}"),
        (
            "repos: [{repo: meta, hooks: [{id: identity}]}]\n",
            "repos: [{repo: meta, hooks: [{id: identity}]}, "
            f"{{repo: {URL}, rev: {TAG}, hooks: [{{id: lockstep, args: [--fix]}}]}}]\n",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_entry_is_added_and_every_other_byte_stays(
    repository: Repository, before: str, after: str, newline: str
) -> None:
    if "\n" not in before:
        newline = "\n"
    assert config_after(repository, before.replace("\n", newline)) == after.replace("\n", newline)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v0.0.1", TAG),
        ("'v0.0.1'", f"'{TAG}'"),
        ('"0.0.9"   # pinned', f'"{TAG}"   # pinned'),
        ("v99.0", "v99.0"),
        ("main", "main"),
        ("0123456789abcdef0123456789abcdef01234567  # frozen: v0.0.1",) * 2,
    ],
)
@pytest.mark.parametrize("url", [URL, f"{URL}.git", "git@example.com:mirrors/conda-lockstep"])
def test_an_old_entry_is_moved_up_with_its_hooks_kept(
    repository: Repository, before: str, after: str, url: str
) -> None:
    entry = (
        "repos:\n"
        f"{PEER}"
        f"  - repo: {url}\n"
        "    rev: {}\n"
        "    hooks:  # two are enough\n"
        "      - {{id: lockstep-pins, args: [--fix]}}\n"
        "      - id: lockstep-gpu\n"
        f"{PEER}"
    )
    assert config_after(repository, entry.format(before)) == entry.format(after)


def test_a_hook_of_ours_from_elsewhere_is_not_doubled(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (
        "repos:\n  - repo: local\n    hooks:\n"
        "      - {id: lockstep, name: lockstep, entry: lockstep lint, language: system}\n"
    )
    assert config_after(repository, before) == before
    assert f"{CONFIG}: unchanged, runs lockstep from another repository" in capsys.readouterr().out


def test_what_prek_alone_reads_is_edited_too(repository: Repository) -> None:
    repository.write({".pre-commit-config.yml": f"repos:\n{PEER}"})
    assert main(["init", "--no-workflows"]) == 0
    assert (repository.folder / ".pre-commit-config.yml").read_text() == f"repos:\n{PEER}{OURS}"
    assert not (repository.folder / CONFIG).exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({CONFIG: "repos: [\n"}, f"{CONFIG}:2:1: not YAML"),
        ({CONFIG: "- repo: https://example.com\n"}, "run 'pre-commit migrate-config'"),
        ({CONFIG: "nonsense\n"}, "not a configuration of pre-commit"),
        ({CONFIG: "repos: 3\n"}, "by hand"),
        ({CONFIG: "repos: {a: b}\n"}, "by hand"),
        ({CONFIG: "{fail_fast: true}\n"}, "by hand"),
        (
            {CONFIG: f"repos:\n{PEER}...\n---\nrepos: []\n"},
            f"{CONFIG}:7:1: the file contains several YAML documents",
        ),
        ({CONFIG: f"repos:\n  - repo: {URL}\n    hooks: []\n"}, f"{CONFIG}:2:5: this entry has no 'rev:'"),
        ({"prek.toml": "repos = []\n"}, "prek.toml: lockstep init does not edit this file"),
        ({WORKFLOW: "name: other\n"}, f"{WORKFLOW}: a workflow of this name does something else"),
    ],
)
def test_what_cannot_be_edited_is_left_alone_and_named(
    repository: Repository, capsys: pytest.CaptureFixture[str], files: dict[str, str], said: str
) -> None:
    repository.write(files)
    assert main(["init"]) == 2
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.err.count("\n") == 1
    written = {path for path in repository.folder.rglob("*.*") if path.is_file() and ".git/" not in str(path)}
    assert written == {repository.folder / name for name in files}
    assert all((repository.folder / name).read_text() == text for name, text in files.items())


def test_outside_of_a_repository_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 2
    assert "not in a git repository; run 'git init' first" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_diff_writes_nothing_and_prints_a_patch_that_git_applies(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.commit({CONFIG: f"repos:\n{PEER}".rstrip("\n")})
    assert main(["init", "--diff"]) == 0
    streams = capsys.readouterr()
    assert repository.git("status", "--porcelain") == ""
    assert f"{CONFIG}: added lockstep at {TAG}" in streams.err
    patch = repository.folder.parent / "patch"
    patch.write_text(streams.out)
    repository.git("apply", str(patch))
    patched = [(repository.folder / name).read_bytes() for name in (CONFIG, WORKFLOW)]
    repository.git("checkout", "--quiet", ".")
    (repository.folder / WORKFLOW).unlink()
    main(["init"])
    assert [(repository.folder / name).read_bytes() for name in (CONFIG, WORKFLOW)] == patched


def test_a_workflow_that_uses_the_action_is_moved_up_wherever_it_is(repository: Repository) -> None:
    mine = ".github/workflows/env.yaml"
    text = "jobs:\n  a:\n    runs-on: [self-hosted, gpu]\n    steps:\n      - uses: {}  # ours\n      - uses: a/b@v1\n"
    repository.write({mine: text.format("conda-lockstep/conda-lockstep@v0.0.1")})
    assert main(["init"]) == 0
    assert (repository.folder / mine).read_text() == text.format(f"conda-lockstep/conda-lockstep@{TAG}")
    assert not (repository.folder / WORKFLOW).exists()


def test_a_comment_or_a_script_that_shows_a_use_of_the_action_stays(repository: Repository) -> None:
    use = "conda-lockstep/conda-lockstep@"
    text = (
        "jobs:\n  a:\n    steps:\n"
        f"      # uses: {use}v0.0.1\n"
        f"      - run: |\n          echo 'uses: {use}v0.0.1'\n"
        f"      - {{uses: '{use}%s', with: {{files: &files environment.yml}}}}\n"
        "      - run: echo\n        env: {FILES: *files}\n"
    )
    repository.write({WORKFLOW: text % "v0.0.1"})
    assert main(["init"]) == 0
    assert (repository.folder / WORKFLOW).read_text() == text % TAG


def test_a_workflow_that_is_not_yaml_is_left_alone(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "steps: [\n  uses: conda-lockstep/conda-lockstep@v0.0.1\n"
    repository.write({WORKFLOW: text})
    assert main(["init"]) == 2
    assert f"{WORKFLOW}:3:1: not YAML" in capsys.readouterr().err
    assert (repository.folder / WORKFLOW).read_text() == text


@pytest.mark.parametrize("ref", ["main", "0123456789abcdef0123456789abcdef01234567", "v99"])
def test_a_ref_that_somebody_chose_stays(repository: Repository, ref: str) -> None:
    text = f"steps:\n  - uses: conda-lockstep/conda-lockstep@{ref}\n"
    repository.write({WORKFLOW: text})
    assert main(["init"]) == 0
    assert (repository.folder / WORKFLOW).read_text() == text


def test_the_workflows_that_can_be_named_are_those_of_the_guide() -> None:
    assert set(WORKFLOWS) == {path.stem for path in (ROOT / "docs" / "workflows").iterdir()}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_that_is_named_is_put_where_it_says(repository: Repository, name: str) -> None:
    template = (ROOT / "docs" / "workflows" / f"{name}.yml").read_text()
    assert main(["init", "--no-hooks", "--workflow", name]) == 0
    [path] = (repository.folder / ".github" / "workflows").iterdir()
    assert f"# Copy to .github/workflows/{path.name}" in template
    assert yaml.safe_load(path.read_text()) == yaml.safe_load(template)


def test_workflows_that_are_named_are_added_to_those_that_are_there(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", "--no-hooks"])
    capsys.readouterr()
    command = ["init", "--no-hooks", "--workflow", "upstream", "--workflow", "pull-request"]
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{WORKFLOW}: unchanged, uses the Action at {TAG}",
        ".github/workflows/upstream.yml: written: asks every day what the channels did since the locks were made, "
        "and keeps one issue on it",
    ]
    assert main(command) == 0
    assert "written" not in capsys.readouterr().out


def test_two_forms_of_one_workflow_are_not_both_written(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--workflow", "pull-request", "--workflow", "cache"]) == 2
    said = (
        f"lockstep: {WORKFLOW}: pull-request and cache are one workflow in two forms; name one of the two\n"
    )
    assert capsys.readouterr().err == said
    assert not (repository.folder / CONFIG).exists()


def test_pushes_to_the_default_branch_are_watched(repository: Repository) -> None:
    repository.commit({"a": "a"})
    repository.git("branch", "--move", "main", "trunk")
    main(["init"])
    assert "branches: [trunk]" in (repository.folder / WORKFLOW).read_text()


def test_the_hooks_that_are_added_exist() -> None:
    listed = ROOT / ".pre-commit-hooks.yaml"
    assert set(HOOKS) <= {hook["id"] for hook in yaml.safe_load(listed.read_text())}


def test_the_link_of_a_configuration_is_followed(repository: Repository) -> None:
    repository.write({"shared.yaml": f"repos:\n{PEER}"})
    (repository.folder / CONFIG).symlink_to("shared.yaml")
    assert main(["init", "--no-workflows"]) == 0
    assert (repository.folder / CONFIG).is_symlink()
    assert (repository.folder / "shared.yaml").read_text() == f"repos:\n{PEER}{OURS}"


def test_the_entry_is_the_one_that_the_readme_shows() -> None:
    assert f"```yaml\nrepos:\n{OURS}```" in (ROOT / "README.md").read_text(encoding="utf-8")
