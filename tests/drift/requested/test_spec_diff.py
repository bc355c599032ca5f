"""Comparison of two environment files, entry by entry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.corpus import HOOKS, find_corpus

from conda_lockstep.cli.main import main
from conda_lockstep.drift.compare.operands import is_environment_file
from conda_lockstep.drift.model import MIRRORS
from conda_lockstep.drift.requested.requested_package import requested_packages
from conda_lockstep.drift.requested.spec_diff import spec_diff
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.drift import html, markdown
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.render.drift import text as drift_text

MIRRORED = {one.value: other.value for one, other in MIRRORS.items()}


def file(*entries: str, channels: str = "[conda-forge]", name: str = "environment.yml") -> EnvironmentFile:
    lines = "".join(f"  - {entry}\n" for entry in entries)
    return parse(f"channels: {channels}\ndependencies:\n{lines}", name)


def rows_of(old: EnvironmentFile, new: EnvironmentFile) -> list[str]:
    [comparison] = spec_diff(old, new).comparisons
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
def test_another_spelling_is_not_drift(old: str, new: str) -> None:
    assert rows_of(file(old), file(new)) == []


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
        # A range without a version in common with the one before it moved for certain.
        ("python>=3.7,<3.8", "python>=3.8,<3.9", "critical upgrade python >=3.7,<3.8 → >=3.8,<3.9"),
        ("python>=3.8,<3.9", "python>=3.7,<3.8", "critical downgrade python >=3.8,<3.9 → >=3.7,<3.8"),
        ("tqdm<2", "tqdm>=3", "medium upgrade tqdm <2 → >=3"),
        ("tqdm>=1.4,<=1.5.3", "tqdm=1.5.4", "info upgrade tqdm >=1.4,<=1.5.3 → 1.5.4"),
        ("numpy~=1.26.0", "numpy~=2.1.0", "critical upgrade numpy ~=1.26.0 → ~=2.1.0"),
        (
            "cudf==26.6.*,>=0.0.0a0",
            "cudf==26.10.*,>=0.0.0a0",
            "medium upgrade cudf ==26.6.*,>=0.0.0a0 → ==26.10.*,>=0.0.0a0",
        ),
        ("python>=3.7,<3.9", "python>=3.8", "medium constraint python >=3.7,<3.9 → >=3.8"),
        ("tqdm=4.66", "tqdm>=4.66,<5", "low constraint tqdm 4.66 → >=4.66,<5"),
        ("python=3.10", "python=3.10.4", "medium constraint python 3.10 → 3.10.4"),
        ("tqdm>=4", "tqdm==4.67.1", "low constraint tqdm >=4 → 4.67.1"),
        # A build, a channel and another place are shown beside the version.
        ("tensorflow>=2", "tensorflow>=2.17=cuda12*", "medium variant tensorflow >=2 → >=2.17 cuda12"),
        ("pytorch=2=*cuda*", "pytorch=2", "critical variant pytorch 2 cuda → 2"),
        ("tqdm", "jaxlib>=0.4=cuda12*", "low added jaxlib  → >=0.4 cuda12"),
        (
            "pytorch=2.4",
            "pytorch::pytorch=2.4",
            "low channel pytorch 2.4 from any channel → 2.4 from pytorch",
        ),
        (
            "pytorch::pytorch=2.4",
            "pytorch=2.4",
            "high channel pytorch 2.4 from pytorch → 2.4 from any channel",
        ),
        # What names the CUDA version is one thing by several names.
        (
            "cudatoolkit=10",
            "cuda-version>=12.6",
            "critical variant cuda-version cudatoolkit 10 → cuda-version >=12.6",
        ),
        ("cudatoolkit", "pytorch-cuda=12.1", "medium removed cudatoolkit any version → "),
        # Two entries of one name are combined.
        ("numpydoc", "numpydoc<1.9", "low constraint numpydoc any version → <1.9"),
    ],
)
def test_a_changed_entry_is_graded_by_what_it_requests(old: str, new: str, row: str) -> None:
    rows = rows_of(file(old), file(new))
    assert (row.replace("→ –", "→ ") in rows) if row else rows == []


def test_entries_are_counted_as_such() -> None:
    report = spec_diff(file("tqdm"), file("tqdm", "numpy"))
    assert "1 change: 1 low; 1 entry unchanged" in drift_text.render(report)
    assert "1 → 2 entries" in markdown.render(report)
    assert "2 entries, environment.yml" in html.render(report)


def test_a_package_that_moves_to_pip_is_one_change() -> None:
    after = parse(
        "channels: [conda-forge]\ndependencies:\n  - pip:\n      - torch==2.4.0\n", "environment.yml"
    )
    assert rows_of(file("pytorch=2.4.0"), after) == [
        "high manager torch conda pytorch 2.4.0 → pip torch 2.4.0"
    ]


def pip_file(*entries: str, conda: str = "pip") -> EnvironmentFile:
    lines = "".join(f"      - {entry}\n" for entry in entries)
    return parse(f"dependencies:\n  - {conda}\n  - pip:\n{lines}", "environment.yml")


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        (
            "core==1.55.0",
            "core=={{latest-pypi-version}}",
            "low constraint core 1.55.0 → =={{latest-pypi-version}}",
        ),
        ("tqdm", "torch=={{latest}}", "low added torch  → =={{latest}}"),
        ("torch=={{latest}}", "tqdm", "medium removed torch =={{latest}} → "),
        ("rag[azure,milvus]==0.2", "rag==0.2", "low constraint rag 0.2 [azure,milvus] → 0.2"),
        (
            "tqdm; python_version<'3.9'",
            "tqdm",
            "low constraint tqdm any version where python_version<'3.9' → any version everywhere",
        ),
        (
            "pkg==1.0",
            "git+https://h/u/pkg.git@main",
            "high channel pkg 1.0 from index → @main from git h/u/pkg",
        ),
        (
            "git+https://h/u/pkg@main",
            "git+https://h/u/pkg@v2",
            "low constraint pkg @main from git → @v2 from git",
        ),
        (
            "https://h/en_core-2.1.0.tar.gz",
            "https://h/en_core-3.7.1.tar.gz",
            "medium upgrade en-core 2.1.0 → 3.7.1",
        ),
        (
            "https://h/a_b-1.0-py3-none-any.whl",
            "a-b==1.0.1",
            "high channel a-b 1.0 from h → 1.0.1 from index",
        ),
        ("-r one.txt", "--requirement=two.txt", "medium constraint --requirement one.txt → two.txt"),
        ("-r one.txt", "tqdm", "medium constraint --requirement one.txt → "),
        ("-i https://a", "-i https://b", "high channel --index-url https://a → https://b"),
        ("tqdm", "--no-binary=:all:", "low constraint --no-binary  → :all:"),
    ],
)
def test_a_changed_pip_entry_is_reported_in_any_form(old: str, new: str, row: str) -> None:
    assert row in rows_of(pip_file(f'"{old}"'), pip_file(f'"{new}"'))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["ray[default]", "ray[rllib]"], ["ray[rllib,default]"]),
        (["-r one.txt"], ["--requirement one.txt"]),
        (["Some_Name >= 1.0"], ["some-name>=1.0"]),
    ],
)
def test_equivalent_pip_entries_are_not_drift(old: list[str], new: list[str]) -> None:
    assert rows_of(pip_file(*old), pip_file(*new)) == []


def test_the_contents_of_a_requirements_file_are_noted_as_not_compared() -> None:
    [comparison] = spec_diff(pip_file("-r one.txt"), pip_file("-r one.txt")).comparisons
    assert comparison.notes[1:] == ("the contents of --requirement one.txt were not compared",)


def test_a_pip_entry_over_a_kept_conda_entry_is_critical() -> None:
    rows = rows_of(
        pip_file("tqdm", conda="py-xgboost=1.3"), pip_file("tqdm", "xgboost==1.5", conda="py-xgboost=1.7")
    )
    assert rows[0] == "critical shadowed xgboost  → 1.5"


def test_a_repository_that_replaces_a_conda_package_is_one_change() -> None:
    before, after = pip_file("tqdm", conda="hdbscan"), pip_file("tqdm", "git+https://h/u/hdbscan.git@master")
    assert rows_of(before, after)[0] == "high manager hdbscan conda any version → pip @master from git"


def test_the_name_and_the_variables_of_a_file_are_reported_without_values() -> None:
    old = parse("name: a\ndependencies: [tqdm]\nvariables:\n  NCCL_DEBUG: WARN\n", "environment.yml")
    new = parse(
        "name: b\ndependencies: [tqdm]\nvariables:\n  NCCL_DEBUG: INFO\n  TOKEN: x\n", "environment.yml"
    )
    assert rows_of(old, new) == [
        "medium constraint $NCCL_DEBUG set → set to another value",
        "medium constraint $TOKEN  → set",
        "info metadata name a → b",
    ]


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("[pytorch, conda-forge]", "[conda-forge, pytorch]", "high"),
        ("[pytorch, nvidia, conda-forge]", "[pytorch, dask, conda-forge, nvidia]", "high"),
        ("[pytorch, conda-forge]", "[conda-forge]", "high"),
        ("[conda-forge]", "[pytorch, conda-forge]", "medium"),
        ("[conda-forge]", "[conda-forge, nodefaults]", "low"),
        ("[conda-forge]", "['https://conda.anaconda.org/conda-forge/']", ""),
    ],
)
def test_channels_are_compared_in_their_order(old: str, new: str, severity: str) -> None:
    rows = rows_of(file("tqdm", channels=old), file("tqdm", channels=new))
    assert [row.split()[:3] for row in rows] == ([[severity, "channel", "channels"]] if severity else [])


def test_no_secret_of_a_file_is_shown() -> None:
    old = file("tqdm", channels="['https://ci:hunter2hunter2@conda.example.com/team']")
    new = file("https://ci:hunter2hunter2@conda.example.com/team::tqdm=4.66")
    report = spec_diff(old, new)
    for text in (
        drift_text.render(report),
        markdown.render(report),
        html.render(report),
        drift_json.dumps(report),
    ):
        assert "hunter2" not in text


entries = st.sampled_from(
    [
        "numpy", "numpy=1.26", "numpy>=2", "numpy>=1.2,<1.9", "numpy~=1.26.1", "python=3.12", "python>=3.7,<3.9",
        "tqdm=4.67", "tqdm<2", "tqdm!=1", "tqdm=={{latest}}", "pytorch=2.4", "pytorch", "pytorch=2=*cuda*",
        "pytorch::pytorch", "python: 3.10",
    ]
)  # fmt: skip
files = st.builds(
    lambda names, channels: file(*names, channels=channels),
    st.lists(entries, max_size=5, unique_by=lambda entry: re.split("[=<>~!:]", entry.replace("::", "-"))[0]),
    st.sampled_from(["[conda-forge]", "[pytorch, conda-forge]", "[conda-forge, defaults]"]),
)


@given(files, files)
def test_every_entry_is_accounted_for_and_the_other_way_round_is_the_mirror_image(
    old: EnvironmentFile, new: EnvironmentFile
) -> None:
    [there], [back] = spec_diff(old, new).comparisons, spec_diff(new, old).comparisons
    rows = [row for row in there.rows if row.subject != "channels"]
    assert len(rows) + there.unchanged == len({*requested_packages(old), *requested_packages(new)})
    assert sorted(
        (row.subject, {MIRRORED.get(each, each) for each in row.classes}, row.before, row.after)
        for row in there.rows
    ) == sorted((row.subject, {*row.classes}, row.after, row.before) for row in back.rows)
    assert spec_diff(old, old).rows == ()


def pairs() -> list[tuple[Path, Path]]:
    """Return each file of the manual with its fixed form, and the pairs of the corpus."""
    fixed = [
        (path.with_name(path.name.replace("after", "before")), path) for path in HOOKS.glob("*/*/*after.yml")
    ]
    corpus = find_corpus()
    real = sorted((corpus / "pairs").glob("*/")) if corpus else []
    return [
        *sorted(pair for pair in fixed if pair[0].exists() and "installs" not in pair[0].parts[-3]),
        *((path / "old.yml", path / "new.yml") for path in real),
    ]


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: "/".join(pair[1].parts[-2:]))
def test_every_pair_gives_a_report(pair: tuple[Path, Path]) -> None:
    try:
        old, new = map(read, pair)
    except LockstepError as error:
        assert "\n" not in str(error)
        return
    report = spec_diff(old, new)
    assert {row.severity for row in report.rows} <= {"critical", "high", "medium", "low", "info"}
    assert drift_json.loads(drift_json.dumps(report), "report.json") == report


AUTOML = "Azure__MachineLearningNotebooks__how-to-use-azureml-automated-machine-learning-automl_env_linux"
ASSETS = "Azure__azureml-assets__assets-training"
JUDGED = {
    f"{AUTOML}__span": [
        "critical upgrade python >=3.7,<3.9 → >=3.10,<3.11",
        "high manager xgboost conda py-xgboost <=1.3.3 → pip xgboost 1.5.2",
    ],
    f"{ASSETS}-forecasting_demand-environments-automl-gpu-context-conda_dependencies__span": [
        "critical shadowed xgboost  → 1.5.2",
        "critical upgrade python 3.9 → 3.10",
    ],
    f"{ASSETS}-general-environments-lightgbm-3.3-context-conda_dependencies__span": [
        "critical upgrade python 3.9 → 3.10",
        "high channel channels anaconda, conda-forge → conda-forge, anaconda",
    ],
    f"{ASSETS}-model_evaluation-environment-context-conda__span": [
        "critical upgrade python 3.8 → 3.10",
        "critical upgrade pytorch 1.13.1 → 2.2.2",
        "high channel channels conda-forge, anaconda, pytorch, nvidia → conda-forge, pytorch, nvidia",
        "high upgrade pytorch-cuda 11.7 → 11.8",
    ],
    "ZaberKo__conda-envs__cv_torch__step": ["critical variant pytorch-cuda 11.8 → 12.1"],
    "ZaberKo__conda-envs__rllib__span": [
        "high manager gym conda any version → pip any version [accept-rom-license,atari]"
    ],
    "conda__conda-lock__tests-gdal-environment__step": ["critical upgrade python >=3.7,<3.8 → >=3.8,<3.9"],
    "pangeo-data__pangeo-docker-images__ml-notebook-environment__span": [
        "critical variant cuda-version cudatoolkit 10 → cuda-version >=12.6"
    ],
    "pangeo-data__pangeo-docker-images__pangeo-notebook-environment__span": [],
    "rapidsai__cuml__conda-environments-all_cuda-129_arch-x86_64__span": [],
    "rapidsai__cuml__conda-environments-cuml_dev_cuda10.1__span": [
        "high upgrade cudf 0.18 → 21.06",
        "high upgrade libcumlprims 0.18 → 21.06",
        "high upgrade rmm 0.18 → 21.06",
    ],
    "rapidsai__cuml__conda-environments-cuml_dev_cuda11.0__span": [
        "high channel channels rapidsai, nvidia, rapidsai-nightly, conda-forge"
        " → rapidsai, rapidsai-nightly, dask/label/dev, conda-forge, nvidia",
        "high manager dask pip @2022.7.1 from git → conda 2022.11.1",
        "high manager distributed pip @2022.7.1 from git → conda 2022.11.1",
        "high manager hdbscan conda any version → pip @master from git",
        "high manager sphinx-markdown-tables pip any version → conda any version",
    ],
}
"""The dangerous changes of real files, checked by hand: exactly those that a reviewer needs to see."""


@pytest.mark.parametrize("pair", JUDGED)
def test_the_dangerous_changes_of_real_files_are_those_worth_a_look(corpus: Path, pair: str) -> None:
    folder = corpus / "pairs" / pair
    rows = rows_of(read(folder / "old.yml"), read(folder / "new.yml"))
    assert [row for row in rows if row.startswith(("critical", "high"))] == JUDGED[pair]


def test_a_file_and_a_lock_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "environment.yml").write_text("dependencies:\n  - numpy\n")
    (tmp_path / "conda-lock.yml").write_text("version: 1\nmetadata: {}\npackage:\n  - dependencies: {}\n")
    assert is_environment_file(tmp_path / "environment.yml")
    assert not is_environment_file(tmp_path / "conda-lock.yml")
    assert main(["diff", str(tmp_path / "environment.yml"), str(tmp_path / "conda-lock.yml")]) == 2
    error = capsys.readouterr().err
    assert "cannot compare an environment file with" in error
    assert error.count("\n") == 1
    assert main(["diff", str(tmp_path / "environment.yml"), str(tmp_path / "environment.yml")]) == 0
