"""What two environment files ask for, compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.corpus import find_corpus

from conda_lockstep.cli import main
from conda_lockstep.drift.asked import asked, compare_files
from conda_lockstep.drift.model import MIRRORS
from conda_lockstep.drift.source import is_environment_file
from conda_lockstep.environment.document import EnvironmentFile, parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.report import drift_json, drift_text, html, markdown

MIRRORED = {one.value: other.value for one, other in MIRRORS.items()}


def file(*entries: str, channels: str = "[conda-forge]", name: str = "environment.yml") -> EnvironmentFile:
    lines = "".join(f"  - {entry}\n" for entry in entries)
    return parse(f"channels: {channels}\ndependencies:\n{lines}", name)


def told(old: EnvironmentFile, new: EnvironmentFile) -> list[str]:
    [comparison] = compare_files(old, new).comparisons
    return [
        f"{row.severity} {row.classes[0]} {row.subject} {row.before} → {row.after}" for row in comparison.rows
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("numpy=1.26", "numpy =1.26.*"),
        ("numpy=1.26.4", "numpy==1.26.4"),
        ("numpy", "numpy=*"),
        ("NumPy >=1.2, <2", "numpy>=1.2,<2"),
        ("conda-forge::numpy", "https://conda.anaconda.org/conda-forge::numpy"),
    ],
)
def test_another_spelling_is_no_drift(old: str, new: str) -> None:
    assert told(file(old), file(new)) == []


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        ("numpy=1.26", "numpy=2.1", "critical upgrade numpy 1.26 → 2.1"),
        ("python=3.12", "python=3.11", "critical downgrade python 3.12 → 3.11"),
        ("tqdm=4.66", "tqdm=4.67", "low upgrade tqdm 4.66 → 4.67"),
        ("numpy=1.26", "numpy", "high constraint numpy 1.26 → any version"),
        ("tqdm=4.66", "tqdm", "medium constraint tqdm 4.66 → any version"),
        ("tqdm", "tqdm=4.66", "low constraint tqdm any version → 4.66"),
        ("tqdm>=4,<5", "tqdm>=4", "low constraint tqdm >=4,<5 → >=4"),
        ("numpy>=1.2", "numpy>=2", "medium constraint numpy >=1.2 → >=2"),
        ("pytorch=2.*=*cuda*", "pytorch=2.*=*cpu*", "critical variant pytorch 2 cuda → 2 cpu"),
        ("tqdm", "pytorch", "low removed tqdm any version → –"),
        ("pytorch::pytorch=2.4", "pytorch=2.4", ""),
    ],
)
def test_a_changed_entry_is_judged_by_what_it_asks_for(old: str, new: str, row: str) -> None:
    rows = told(file(old), file(new))
    assert (row.replace("→ –", "→ ") in rows) if row else rows == []


def test_a_package_that_moves_to_pip_is_one_change() -> None:
    after = parse(
        "channels: [conda-forge]\ndependencies:\n  - pip:\n      - torch==2.4.0\n", "environment.yml"
    )
    assert told(file("pytorch=2.4.0"), after) == ["high manager torch conda pytorch 2.4.0 → pip torch 2.4.0"]


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("[pytorch, conda-forge]", "[conda-forge, pytorch]", "high"),
        ("[pytorch, conda-forge]", "[conda-forge]", "high"),
        ("[conda-forge]", "[pytorch, conda-forge]", "medium"),
        ("[conda-forge]", "[conda-forge, nodefaults]", "low"),
        ("[conda-forge]", "['https://conda.anaconda.org/conda-forge/']", ""),
    ],
)
def test_channels_are_compared_in_their_order(old: str, new: str, severity: str) -> None:
    rows = told(file("tqdm", channels=old), file("tqdm", channels=new))
    assert [row.split()[:3] for row in rows] == ([[severity, "channel", "channels"]] if severity else [])


def test_no_secret_of_a_file_is_shown() -> None:
    old = file("tqdm", channels="['https://ci:hunter2hunter2@conda.example.com/team']")
    new = file("https://ci:hunter2hunter2@conda.example.com/team::tqdm=4.66")
    report = compare_files(old, new)
    for text in (
        drift_text.render(report),
        markdown.render(report),
        html.render(report),
        drift_json.dumps(report),
    ):
        assert "hunter2" not in text


entries = st.sampled_from(
    ["numpy", "numpy=1.26", "numpy>=2", "python=3.12", "tqdm=4.67", "pytorch=2.4", "pytorch"]
)
files = st.builds(
    lambda names, channels: file(*names, channels=channels),
    st.lists(entries, max_size=5, unique_by=lambda entry: entry.partition("=")[0].rstrip(">")),
    st.sampled_from(["[conda-forge]", "[pytorch, conda-forge]", "[conda-forge, defaults]"]),
)


@given(files, files)
def test_every_entry_is_accounted_for_and_the_other_way_round_is_the_mirror_image(
    old: EnvironmentFile, new: EnvironmentFile
) -> None:
    [there], [back] = compare_files(old, new).comparisons, compare_files(new, old).comparisons
    rows = [row for row in there.rows if row.subject != "channels"]
    assert len(rows) + there.unchanged == len({*asked(old), *asked(new)})
    assert sorted(
        (row.subject, MIRRORED.get(row.classes[0], row.classes[0]), row.after) for row in there.rows
    ) == sorted((row.subject, row.classes[0], row.before) for row in back.rows)
    assert compare_files(old, old).rows == ()


def pairs() -> list[Path]:
    corpus = find_corpus()
    return sorted(path for path in (corpus / "pairs").iterdir() if path.is_dir()) if corpus else []


@pytest.mark.parametrize("pair", pairs(), ids=lambda path: path.name)
def test_every_real_pair_gives_a_report(pair: Path) -> None:
    try:
        old, new = read(pair / "old.yml"), read(pair / "new.yml")
    except LockstepError as error:
        assert "\n" not in str(error)
        return
    report = compare_files(old, new)
    assert {row.severity for row in report.rows} <= {"critical", "high", "medium", "low", "info"}
    assert drift_json.loads(drift_json.dumps(report), "report.json") == report


def test_a_file_and_a_lock_are_not_of_one_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "environment.yml").write_text("dependencies:\n  - numpy\n")
    (tmp_path / "conda-lock.yml").write_text("version: 1\nmetadata: {}\npackage:\n  - dependencies: {}\n")
    assert is_environment_file(tmp_path / "environment.yml")
    assert not is_environment_file(tmp_path / "conda-lock.yml")
    assert main(["diff", str(tmp_path / "environment.yml"), str(tmp_path / "conda-lock.yml")]) == 2
    error = capsys.readouterr().err
    assert "says what is asked for" in error
    assert error.count("\n") == 1
    assert main(["diff", str(tmp_path / "environment.yml"), str(tmp_path / "environment.yml")]) == 0
