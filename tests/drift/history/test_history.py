"""The history of locks: every commit of real repositories is there, and says what the files say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.locks import lock_text
from tests.support.repository import IDENTITY, Repository

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import parse_source
from conda_lockstep.drift.history import read_history as module
from conda_lockstep.drift.history.history import History, LockHistory, LogEntry
from conda_lockstep.drift.history.read_history import read_history
from conda_lockstep.drift.history.repository import BlobReader, open_repository
from conda_lockstep.errors import LockstepError

LOCK = "conda-lock.yml"


def of(repository: Repository, *paths: str, packages: Sequence[str] = (), since: str = "") -> History:
    return read_history(open_repository(repository.folder), paths, packages=packages, since=since)


def only(history: History) -> LockHistory:
    (lock,) = history.locks
    return lock


def events(lock: LockHistory) -> list[tuple[str, str]]:
    return [(entry.commit.subject, entry.event) for entry in lock.entries]


def dated(repository: Repository, day: str, files: Mapping[str, str | None], message: str) -> str:
    repository.write(files)
    repository.git("add", "--all")
    date = {"GIT_AUTHOR_DATE": f"{day}T00:00:00Z", "GIT_COMMITTER_DATE": f"{day}T00:00:00Z"}
    subprocess.run(
        ["git", "commit", "--quiet", "--allow-empty", "-m", message],
        cwd=repository.folder, env={**os.environ, **IDENTITY, **date}, check=True,
    )  # fmt: skip
    return repository.git("rev-parse", "HEAD")


def test_each_commit_that_changed_a_lock_is_an_entry(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    first = repository.commit({LOCK: lock_text("nccl 2.28.3", "tqdm 4.66.0")}, "Lock")
    repository.commit({"train.py": "1"}, "Code")
    last = repository.commit({LOCK: lock_text("nccl 2.29.1", "tqdm 4.66.0")}, "Update NCCL\n\nBody")
    lock = only(of(repository))
    assert events(lock) == [("Lock", "created"), ("Update NCCL", "changed")]
    assert [entry.commit.id for entry in lock.entries] == [first, last]
    created, changed = lock.entries
    assert (created.worst, created.rows) == (None, ())
    assert (changed.worst, [row.subject for row in changed.rows]) == ("medium", ["nccl"])
    packages = parse_source(lock_text("nccl 2.29.1", "tqdm 4.66.0"), LOCK).platforms["linux-64"]
    assert changed.platforms["linux-64"].environment_id == packages.environment_id
    assert changed.previous == created.platforms
    assert lock.is_whole


def test_a_renamed_lock_is_followed_also_from_a_name_that_no_lock_has(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({"env/frozen.txt": lock_text("nccl 1.0")}, "As a text")
    repository.commit({"env/frozen.txt": lock_text("nccl 2.0")}, "Update")
    repository.git("mv", "env/frozen.txt", LOCK)
    repository.commit({}, "To the top")
    repository.git("mv", LOCK, "gpu.conda-lock.yml")
    repository.commit({}, "For the GPU")
    for history in (of(repository), of(repository, "gpu.conda-lock.yml")):
        lock = only(history)
        assert lock.path == "gpu.conda-lock.yml"
        assert events(lock) == [
            ("As a text", "created"), ("Update", "changed"), ("To the top", "renamed"), ("For the GPU", "renamed"),
        ]  # fmt: skip
        assert [entry.old_path for entry in lock.entries] == ["", "", "env/frozen.txt", LOCK]


def test_a_lock_that_was_deleted_and_made_again_is_one_history(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 2.28.3")}, "Lock")
    repository.commit({LOCK: None}, "Drop")
    repository.commit({LOCK: lock_text("nccl 2.29.1")}, "Again")
    history = of(repository, packages=["nccl"])
    assert events(only(history)) == [("Lock", "created"), ("Drop", "deleted"), ("Again", "restored")]
    assert [row.subject for row in only(history).entries[2].rows] == ["nccl"]
    (nccl,) = history.packages
    assert [(run.version, run.until and run.until.commit.subject) for run in nccl.runs] == [
        ("2.28.3", "Drop"), ("2.29.1", None),
    ]  # fmt: skip


def test_a_deleted_lock_is_named_and_shown_when_it_is_passed(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0"), "cpu.conda-lock.yml": lock_text("tqdm 1.0")}, "Lock")
    repository.commit({"cpu.conda-lock.yml": None}, "Drop")
    history = of(repository)
    assert only(history).path == LOCK
    (note,) = history.notes
    assert "cpu.conda-lock.yml" in note
    assert events(only(of(repository, "cpu.conda-lock.yml"))) == [("Lock", "created"), ("Drop", "deleted")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<<<<<<< HEAD\nversion: 1\n", "is not a lock"),
        ("version: 1\nmetadata: 3\npackage: []\n", "must be a mapping"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
        ("package:\n\x00\n", "conda-lock.yml"),
    ],
)
def test_a_state_that_cannot_be_read_is_an_entry_and_named(tmp_path: Path, content: str, reason: str) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0")}, "Lock")
    repository.commit({LOCK: content}, "Oops")
    repository.commit({LOCK: lock_text("nccl 2.0")}, "Mend")
    history = of(repository, packages=["nccl"])
    broken, repaired = only(history).entries[1:]
    assert reason in broken.unreadable
    assert not broken.platforms
    assert [row.subject for row in repaired.rows] == ["nccl"]
    assert [run.version for run in history.packages[0].runs] == ["1.0", "2.0"]


def test_a_link_is_named_as_one(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({"a/conda-lock.yml": lock_text("nccl 1.0")}, "Lock")
    (tmp_path / LOCK).symlink_to("a/conda-lock.yml")
    repository.commit({}, "Link")
    by_path = {lock.path: lock for lock in of(repository).locks}
    assert by_path[LOCK].entries[0].unreadable == "is a symbolic link to a/conda-lock.yml"
    assert not by_path["a/conda-lock.yml"].entries[0].unreadable


def test_a_merge_is_one_entry_that_names_what_it_merged(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0", "tqdm 1.0")}, "Lock")
    repository.branch("side")
    repository.commit({LOCK: lock_text("nccl 2.0", "tqdm 1.0")}, "Update NCCL")
    repository.commit({"train.py": "1"}, "Code")
    repository.commit({LOCK: lock_text("nccl 2.0", "tqdm 2.0")}, "Update tqdm")
    repository.git("checkout", "--quiet", "main")
    repository.commit({"README.md": "1"}, "Docs")
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    history = of(repository, packages=["nccl", "tqdm"])
    merge = only(history).entries[-1]
    assert events(only(history)) == [("Lock", "created"), ("Merge side", "changed")]
    assert [commit.subject for commit in merge.merged] == ["Update NCCL", "Update tqdm"]
    brought = {
        package.name: run.brought_by and run.brought_by.subject
        for package in history.packages
        for run in package.runs[-1:]
    }
    assert brought == {"nccl": "Update NCCL", "tqdm": "Update tqdm"}


def test_a_merge_that_keeps_our_side_is_no_entry(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0")}, "Lock")
    repository.branch("side")
    repository.commit({LOCK: lock_text("nccl 2.0")}, "Theirs")
    repository.git("checkout", "--quiet", "main")
    repository.commit({LOCK: lock_text("nccl 3.0")}, "Ours")
    repository.git("merge", "--quiet", "--strategy=ours", "-m", "Merge", "side")
    assert events(only(of(repository))) == [("Lock", "created"), ("Ours", "changed")]


def test_since_a_revision_begins_after_it_and_compares_with_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0")}, "Lock")
    revision = repository.commit({LOCK: lock_text("nccl 2.0")}, "Two")
    repository.git("tag", "v1")
    repository.commit({LOCK: lock_text("nccl 3.0")}, "Three")
    for since in (revision, "v1", "HEAD~1"):
        lock = only(of(repository, since=since))
        assert events(lock) == [("Three", "changed")]
        assert [(row.before, row.after) for row in lock.entries[0].rows] == [("2.0", "3.0")]
        assert not lock.is_whole
    assert events(only(of(repository, since="HEAD"))) == []
    assert only(of(repository, since="HEAD")).before


def test_since_a_date_begins_with_its_first_commit(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    dated(repository, "2025-01-01", {LOCK: lock_text("nccl 1.0")}, "January")
    dated(repository, "2025-02-01", {LOCK: lock_text("nccl 2.0")}, "February")
    dated(repository, "2025-03-01", {LOCK: lock_text("nccl 3.0")}, "March")
    history = of(repository, since="2025-02-01", packages=["nccl"])
    assert events(only(history)) == [("February", "changed"), ("March", "changed")]
    runs = history.packages[0].runs
    assert [(run.version, run.since is None) for run in runs] == [
        ("1.0", True),
        ("2.0", False),
        ("3.0", False),
    ]


def test_a_package_is_told_per_platform_with_its_builds_and_its_absence(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    both = ("linux-64", "osx-arm64")
    repository.commit({LOCK: lock_text("tqdm 1.0", platforms=both)}, "Lock")
    repository.commit({LOCK: lock_text("tqdm 1.0", "nccl 2.0")}, "NCCL")
    repository.commit({LOCK: lock_text("tqdm 1.0", "nccl==2.0")}, "By pip")
    history = of(repository, packages=["NC*l"])
    told = [
        (each.platform, each.manager, [(run.version, run.until is None) for run in each.runs])
        for each in history.packages
    ]
    assert told == [("linux-64", "conda", [("2.0", False)]), ("linux-64", "pip", [("2.0", True)])]
    assert only(history).entries[1].dropped == ("osx-arm64",)
    assert only(history).platforms == both


def test_a_shallow_clone_says_so(tmp_path: Path) -> None:
    origin = Repository(tmp_path / "origin")
    for version in range(4):
        origin.commit({LOCK: lock_text(f"nccl {version}.0")}, f"Version {version}")
    clone = tmp_path / "clone"
    origin.git("clone", "--quiet", "--depth=2", f"file://{origin.folder}", str(clone))
    history = of(Repository(clone))
    assert events(only(history)) == [("Version 2", "created"), ("Version 3", "changed")]
    assert not only(history).is_whole
    assert "shallow" in history.notes[0]
    assert LOCK in history.notes[0]


def test_content_that_a_partial_clone_lacks_is_named(tmp_path: Path) -> None:
    origin = Repository(tmp_path / "origin")
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.commit({LOCK: lock_text("nccl 1.0")}, "Lock")
    origin.commit({LOCK: None, "gpu.conda-lock.yml": lock_text("nccl 2.0"), "README.md": "1"}, "Update")
    clone = tmp_path / "clone"
    origin.git("clone", "--quiet", "--filter=blob:none", f"file://{origin.folder}", str(clone))
    Repository(clone).git("config", "remote.origin.url", f"file://{tmp_path / 'gone'}")
    history = of(Repository(clone), LOCK, "gpu.conda-lock.yml")
    old, new = (lock.entries for lock in history.locks)
    assert "in this clone" in old[0].unreadable
    assert [entry.unreadable for entry in new] == [""]


def test_uncommitted_changes_are_named(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0")}, "Lock")
    assert of(repository).notes == ()
    repository.write({LOCK: lock_text("nccl 2.0")})
    assert of(repository).notes == (f"not shown: changes that are not committed, in {LOCK}",)


def test_a_bare_repository_and_odd_settings_are_read_alike(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "work")
    repository.commit({LOCK: lock_text("nccl 1.0")}, "Löck – “it”")
    repository.commit({LOCK: lock_text("nccl 2.0")}, "Update")
    plain = events(only(of(repository)))
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    for name, value in (
        ("log.showSignature", "true"), ("diff.relative", "true"), ("diff.renames", "copies"),
        ("core.quotePath", "true"), ("i18n.logOutputEncoding", "latin1"), ("log.follow", "true"),
        ("color.ui", "always"), ("log.diffMerges", "combined"), ("diff.noprefix", "true"), ("log.date", "relative"),
    ):  # fmt: skip
        repository.git("config", name, value)
    assert events(only(of(repository))) == plain
    assert events(only(read_history(open_repository(tmp_path / "bare")))) == plain


def test_a_path_may_have_any_name(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    names = [
        "a b/conda-lock.yml",
        "ümlaut.conda-lock.yml",
        "[x]*.conda-lock.yml",
        "-n.conda-lock.yml",
        ":(top).conda-lock.yml",
    ]
    for number, name in enumerate(names):
        repository.commit({name: lock_text(f"nccl {number}.0")}, name)
    assert sorted(lock.path for lock in of(repository).locks) == sorted(names)
    for name in names:
        assert events(only(of(repository, name))) == [(name, "created")]


def test_each_content_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(tmp_path)
    one, two = lock_text("nccl 1.0"), lock_text("nccl 2.0")
    repository.commit({LOCK: one, "b.conda-lock.yml": one})
    repository.commit({LOCK: two})
    repository.commit({LOCK: one, "b.conda-lock.yml": two})
    parsed: list[str] = []

    def counted(text: str, label: str, *, environment: str) -> object:
        parsed.append(text)
        return parse_source(text, label, environment=environment)

    monkeypatch.setattr(module, "parse_source", counted)
    assert sum(len(lock.entries) for lock in of(repository).locks) == 5
    assert sorted(parsed) == sorted([one, two])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"since": "banana"}, "'banana' is neither a revision of this repository nor a date"),
        ({"packages": ["ncc"]}, "'ncc' was never locked"),
        ({"packages": ["pytorcj"]}, "did you mean 'pytorch'?"),
        ({"paths": ("gone.yml",)}, "gone.yml: is not in the history of HEAD"),
    ],
)
def test_what_is_not_there_is_one_line(
    tmp_path: Path, arguments: dict[str, Sequence[str]], said: str
) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0", "pytorch 2.0")}, "Lock")
    with pytest.raises(LockstepError) as error:
        read_history(open_repository(tmp_path), **arguments)  # type: ignore[arg-type]
    assert said in str(error.value)


def test_a_folder_without_a_repository_or_commits_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LockstepError, match="is not in a git repository"):
        open_repository(tmp_path)
    repository = Repository(tmp_path / "new")
    with pytest.raises(LockstepError, match="has no commits"):
        open_repository(repository.folder)
    repository.commit({"README.md": "1"})
    with pytest.raises(LockstepError, match="no lock was ever committed"):
        of(repository)


PACKAGES = st.lists(
    st.tuples(st.sampled_from(["nccl", "numpy", "tqdm"]), st.sampled_from(["1.0", "1.1", "2.0"])),
    min_size=1, max_size=3, unique_by=lambda pair: pair[0],
).map(lambda pairs: [f"{name} {version}" for name, version in pairs])  # fmt: skip
PLATFORMS = st.sampled_from([("linux-64",), ("osx-arm64",), ("linux-64", "osx-arm64")])
STATES = st.none() | st.builds(
    lambda packages, platforms: lock_text(*packages, platforms=platforms), PACKAGES, PLATFORMS
)


@given(st.lists(STATES, min_size=1, max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_entries_are_the_differences_of_the_files_that_are_checked_out(states: list[str | None]) -> None:
    with TemporaryDirectory() as folder:
        repository = Repository(Path(folder))
        commits = []
        for state in states:
            there = (repository.folder / LOCK).exists()
            commits.append(repository.commit({LOCK: state} if state or there else {"other": "1"}))
        expected: list[tuple[str, object, dict[str, str]]] = []
        last, on_disk = None, None
        for commit in commits:
            repository.git("checkout", "--quiet", "--detach", commit)
            path = repository.folder / LOCK
            text = path.read_text(encoding="utf-8") if path.exists() else None
            if text != on_disk:
                new = parse_source(text, LOCK) if text else None
                rows = difference(last, new) if new and last else None
                ids = (
                    {each: packages.environment_id for each, packages in new.platforms.items()} if new else {}
                )
                expected.append((commit, rows, ids))
                last = new or last
            on_disk = text
        if not expected:
            return
        found = only(of(repository, LOCK)).entries
        assert [(entry.commit.id, rows_of(entry), ids_of(entry)) for entry in found] == expected


def difference(old: object, new: object) -> object:
    try:
        return [comparison.rows for comparison in compare(old, new).comparisons]  # type: ignore[arg-type]
    except LockstepError:
        return None


def rows_of(entry: LogEntry) -> object:
    return [comparison.rows for comparison in entry.report.comparisons] if entry.report else None


def ids_of(entry: LogEntry) -> dict[str, str]:
    return {platform: state.environment_id for platform, state in entry.platforms.items()}


def test_locks_of_other_formats_are_read_alike(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    for version in ("1.0", "2.0"):
        url = f"https://conda.anaconda.org/conda-forge/linux-64/nccl-{version}-h0_0.conda"
        pixi = (
            "version: 6\nenvironments:\n  default:\n    channels:\n    - url: https://conda.anaconda.org/conda-forge/\n"
            f"    packages:\n      linux-64:\n      - conda: {url}\npackages:\n- conda: {url}\n  sha256: {'a' * 64}\n"
        )
        repository.commit(
            {"pixi.lock": pixi, "frozen.txt": f"# platform: linux-64\n@EXPLICIT\n{url}\n"}, version
        )
    history = of(repository, "pixi.lock", "frozen.txt", packages=["nccl"])
    told = [(each.lock, [run.version for run in each.runs]) for each in history.packages]
    assert told == [("pixi.lock", ["1.0", "2.0"]), ("frozen.txt", ["1.0", "2.0"])]
    assert [lock.path for lock in of(repository).locks] == ["pixi.lock"]


def test_content_that_is_too_large_is_skipped_and_the_next_is_read(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({"a": "x" * 3_000_000, "b": "short"})
    large, short = (repository.git("rev-parse", f"HEAD:{name}") for name in ("a", "b"))
    with BlobReader(open_repository(tmp_path)) as blobs:
        with pytest.raises(LockstepError, match="larger than 1 MiB"):
            blobs.read(large, 1 << 20)
        assert blobs.read(short, 1 << 20) == b"short"
        with pytest.raises(LockstepError, match="in this clone"):
            blobs.read("0" * 40, 1 << 20)
        assert blobs.read(short, 1 << 20) == b"short"


def test_a_history_in_a_subfolder_of_which_a_lock_was_moved_in_is_followed(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({LOCK: lock_text("nccl 1.0")}, "At the top")
    (tmp_path / "gpu").mkdir()
    repository.git("mv", LOCK, "gpu/conda-lock.yml")
    repository.commit({}, "Move")
    history = read_history(open_repository(tmp_path / "gpu"), below="gpu/")
    assert events(only(history)) == [("At the top", "created"), ("Move", "renamed")]
