from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts import build_names

from conda_lockstep import data
from conda_lockstep.conda import pypi_names as names
from conda_lockstep.conda.pypi_names import conda_names, is_conda_name, pypi_names

_OPENCV = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
TABLE = Path(data.__file__).with_name("names.txt")
LINES = TABLE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("conda", "projects"),
    [
        ("numpy", ("numpy",)),
        ("pytorch", ("torch",)),
        ("pytorch-gpu", ("torch",)),
        ("matplotlib-base", ("matplotlib",)),
        ("opencv", _OPENCV),
        ("py-opencv", _OPENCV),
        ("pytables", ("tables",)),
        ("python-graphviz", ("graphviz",)),
        ("ruamel.yaml", ("ruamel-yaml",)),
        ("huggingface_hub", ("huggingface-hub",)),
        ("msgpack-python", ("msgpack-python", "msgpack")),
        ("ansible", ("ansible",)),
        ("graphviz", ()),
        ("zlib", ()),
        ("python", ()),
        ("no-such-package", ()),
        ("", ()),
    ],
)
def test_a_conda_package_holds_these_projects(conda: str, projects: tuple[str, ...]) -> None:
    assert pypi_names(conda) == projects


@pytest.mark.parametrize(
    ("project", "first"),
    [
        ("numpy", "numpy"),
        ("torch", "pytorch"),
        ("opencv-python", "opencv"),
        ("tables", "pytables"),
        ("graphviz", "python-graphviz"),
        ("ruamel-yaml", "ruamel.yaml"),
        ("huggingface-hub", "huggingface_hub"),
        ("matplotlib", "matplotlib"),
        ("pip", "pip"),
        ("onnxruntime-gpu", "onnxruntime"),
        ("no-such-project", ""),
        ("zlib", ""),
        ("", ""),
    ],
)
def test_the_best_conda_package_of_a_project_comes_first(project: str, first: str) -> None:
    assert next(iter(conda_names(project)), "") == first


def test_each_channel_is_asked_for_itself() -> None:
    assert conda_names("torch", "pytorch") == ("pytorch", "pytorch-cpu")
    assert conda_names("numpy", "pytorch") == ()
    assert conda_names("numpy", "bioconda") == ()
    assert conda_names("pytorch-ignite", "pytorch") == ("ignite",)


@pytest.mark.parametrize(
    ("project", "taken"),
    [("graphviz", True), ("docker", True), ("numpy", True), ("torch", False), ("tables", False)],
)
def test_a_name_can_be_taken_by_something_else(project: str, taken: bool) -> None:
    assert is_conda_name(project) is taken


@pytest.mark.parametrize("line", [line for line in LINES if line[:1] not in ("#", "[")][::97])
def test_every_line_can_be_found(line: str) -> None:
    key, *_ = line.split(" ")
    assert any(pypi_names(key) or conda_names(key, channel) for channel in names.CHANNELS)


def test_the_first_and_the_last_line_of_each_section_can_be_found() -> None:
    heads = [index for index, line in enumerate(LINES) if line.startswith("[")]
    for start, end in zip(heads, [*heads[1:], len(LINES)], strict=True):
        channel, side = LINES[start].strip("[]").split(" ")
        for line in (LINES[start + 1], LINES[end - 1]):
            key = line.split(" ")[0]
            assert pypi_names(key) if side == "conda" else conda_names(key, channel), line


def test_each_section_is_in_order_without_repetition() -> None:
    heads = [index for index, line in enumerate(LINES) if line.startswith("[")]
    for start, end in zip(heads, [*heads[1:], len(LINES)], strict=True):
        keys = [line.split(" ")[0].encode() for line in LINES[start + 1 : end]]
        assert keys == sorted(set(keys))


@given(st.text(max_size=20))
def test_any_text_may_be_asked_for(text: str) -> None:
    assert isinstance(pypi_names(text), tuple)
    assert isinstance(conda_names(text), tuple)


def test_the_table_says_where_it_comes_from() -> None:
    head = "\n".join(LINES[:8])
    assert "prefix-dev/parselmouth" in head
    assert "BSD-3-Clause" in head
    assert "prefix.dev" in (TABLE.parent / "names.LICENSE").read_text(encoding="utf-8")


def test_loading_and_a_hundred_questions_are_not_felt() -> None:
    script = (
        "import time, conda_lockstep.conda.pypi_names as n; start = time.process_time();"
        "[n.conda_names(f'x{i}') for i in range(50)]; [n.pypi_names('numpy') for i in range(50)];"
        "print(time.process_time() - start)"
    )
    best = min(
        float(
            subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout
        )
        for _ in range(3)
    )
    assert best < 0.02


def test_the_script_builds_the_same_table_again(corpus: Path) -> None:
    date = next(line for line in LINES if "as of" in line).split("as of ")[1].split(";")[0]
    assert build_names.table(corpus / "names", date).encode() == TABLE.read_bytes()


def test_a_run_that_asks_much_gets_the_answers_of_one_that_asks_little() -> None:
    written = [line.split()[0] for line in LINES if line and not line.startswith(("#", "["))][::40]
    asked = [word for name in written for word in (name, name[:-1], f"{name}-x")]
    names._words.cache_clear()
    few = {}
    for name in asked:
        names._words.cache_clear()
        few[name] = names._words("conda-forge conda", name), names._words("conda-forge pypi", name)
    names._words.cache_clear()
    for name in asked:
        assert few[name] == (names._words("conda-forge conda", name), names._words("conda-forge pypi", name))
    assert names._words.cache_info().misses > names._FEW
