from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.errors import LockstepError
from conda_lockstep.settings import load


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, text: str) -> Config:
    (folder / "lockstep.toml").write_text(text)
    return load(folder, TRUSTED)


ALL = """\
exclude = ["tests/"]
select = ["pins"]
ignore = ["spelling"]
extend-select = ["open-range"]
channel-order = ["nvidia", "*"]
name-pattern = "ml-.*"
pip-allow = ["wandb"]
install-allow = ["pytest"]
platforms = ["linux-64", "osx-arm64"]
pypi-index = "https://pypi.example.org/simple"
cpu-allow = ["xgboost"]
min-age = 7
allow-build = ["knn", "./submodules/ext"]
[per-file-ignores]
"envs/*.yml" = ["unpinned-pip"]
[severity]
unpinned-conda = "error"
gpu = "off"
[pin-precision]
NumPy = "minor"
[mirrors]
"https://conda.anaconda.org/conda-forge" = "https://mirror.example.org/forge"
[machines.a100]
platform = "linux-64"
driver = "535.104.05"
glibc = "2.31"
[machines.dgx-2]
platform = "linux-64"
cuda = "12.2"
archspec = "x86_64_v3"
[machines.laptop]
platform = "osx-arm64"
"""


def test_every_setting_is_read(folder: Path) -> None:
    assert settings(folder, ALL) == Config(
        root=folder,
        exclude=("tests/",),
        select=("pins",),
        ignore=("spelling",),
        extend_select=("open-range",),
        per_file_ignores={"envs/*.yml": ("unpinned-pip",)},
        severity={"unpinned-conda": "error", "gpu": "off"},
        channel_order=("nvidia", "*"),
        name_pattern="ml-.*",
        pip_allow=("wandb",),
        install_allow=("pytest",),
        pin_precision={"numpy": "minor"},
        mirrors={"https://conda.anaconda.org/conda-forge": "https://mirror.example.org/forge"},
        pypi_index="https://pypi.example.org/simple",
        platforms=("linux-64", "osx-arm64"),
        machines=(
            DeclaredMachine("a100", "linux-64", driver="535.104.05", glibc="2.31"),
            DeclaredMachine("dgx-2", "linux-64", cuda="12.2", archspec="x86_64_v3"),
            DeclaredMachine("laptop", "osx-arm64"),
        ),
        cpu_allow=("xgboost",),
        min_age=7,
        allow_build=("knn", "./submodules/ext"),
        trust=TRUSTED,
    )


def test_every_setting_is_tried_above() -> None:
    for name in Config._fields:
        assert name in ("root", "trust", "today") or name.replace("_", "-") in ALL


def test_a_setting_that_is_not_there_has_its_default(folder: Path) -> None:
    assert settings(folder, "") == Config(root=folder, trust=TRUSTED)


@pytest.mark.parametrize("name", ["lockstep.toml", "pyproject.toml"])
def test_settings_are_found_upwards(folder: Path, name: str) -> None:
    table = "" if name == "lockstep.toml" else "[tool.lockstep]\n"
    (folder / name).write_text(f'{table}select = ["pins"]\n')
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    (folder / "a" / "pyproject.toml").write_text('[project]\nname = "lockstep-user"\n')
    config = load(below, TRUSTED)
    assert config.select == ("pins",)
    assert config.root == folder


def test_the_nearest_settings_win_and_lockstep_toml_before_pyproject(folder: Path) -> None:
    (folder / "lockstep.toml").write_text('select = ["pins"]')
    below = folder / "a"
    below.mkdir()
    (below / "pyproject.toml").write_text('[tool.lockstep]\nselect = ["pip"]')
    assert load(below, TRUSTED).select == ("pip",)
    (below / "lockstep.toml").write_text('select = ["gpu"]')
    assert load(below, TRUSTED).select == ("gpu",)


def test_without_settings_there_are_defaults(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.other]\n")
    assert load(folder, TRUSTED).select == ()


def test_an_empty_table_is_the_projects_own(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.lockstep]\n")
    assert load(folder, TRUSTED).root == folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('chanel-order = ["a"]', ":1: unknown setting 'chanel-order'; did you mean 'channel-order'?"),
        ('channel_order = ["a"]', ":1: unknown setting 'channel_order'; did you mean 'channel-order'?"),
        ('channelOrder = ["a"]', ":1: unknown setting 'channelOrder'; did you mean 'channel-order'?"),
        ("\n\nverbose = true", ":3: unknown setting 'verbose'; known names: allow-build, channel-order, "),
        ("root = '.'", ":1: unknown setting 'root'; known names:"),
        (
            "[tool.lockstep]\nselect = []",
            ":1: unknown setting 'tool'; in lockstep.toml the settings are at the top level",
        ),
        ('select = "pins"', ":1: 'select' must be a list of strings, not a string; write [\"pins\"]"),
        ("ignore = [1]", ":1: 'ignore' must be a list of strings, but contains the number 1"),
        ("pypi-index = 1", ":1: 'pypi-index' must be a string, not the number 1; put it in quotes"),
        ("pypi-index = true", ":1: 'pypi-index' must be a string, not true"),
        ('pypi-index = "pypi.org"', ":1: 'pypi-index' must be a URL, not 'pypi.org'; begin it with https://"),
        ('name-pattern = "("', ":1: 'name-pattern' is not a regular expression: "),
        ("mirrors = []", ":1: 'mirrors' must be a table, not a list"),
        ('[mirrors]\n"https://a" = 1', ":2: 'mirrors.\"https://a\"' must be a string, not the number 1"),
        (
            '[per-file-ignores]\n"*.yml" = "pins"',
            ":2: 'per-file-ignores.\"*.yml\"' must be a list of strings",
        ),
        (
            '[severity]\npins = "fatal"',
            ":2: 'severity.pins' is 'fatal'; use one of error, warning, note, off",
        ),
        ('severity.pins = "fatal"', ":1: 'severity.pins' is 'fatal'"),
        ("severity = { pins = 1 }", ":1: 'severity.pins' must be a string"),
        (
            '[pin-precision]\nnumpy = "micro"',
            ":2: 'pin-precision.numpy' is 'micro'; use one of major, minor, patch",
        ),
        (
            'platforms = ["linux64"]',
            ":1: 'platforms' has an unknown platform: 'linux64'; did you mean 'linux-64'?",
        ),
        ('platforms = ["noarch"]', ":1: 'platforms' has an unknown platform: 'noarch'"),
        ("[machines.a]\n", ":1: machine 'a' has no platform; write platform = \"linux-64\""),
        ("machines.a = 1", ":1: 'machines.a' must be a table, not the number 1"),
        ('[machines.a]\nplatform = "linux"', ":2: 'machines.a.platform' has an unknown platform: 'linux'"),
        (
            '[machines.a]\nplatform = "linux-64"\ncuda = 12.10',
            ":3: 'machines.a.cuda' must be a string, not the number 12.1; put it in quotes",
        ),
        (
            '[machines.a]\nplatform = "linux-64"\ncuda = "12.x"',
            ":3: 'machines.a.cuda' must be a version, not '12.x'; write it as \"12.4\"",
        ),
        (
            '[machines.a]\nplatform = "linux-64"\ncuda = "12.2"\ndriver = "535.1"',
            ":3: machine 'a' has both driver and cuda; keep one: the driver determines the CUDA version",
        ),
        (
            '[machines.a]\nplattform = "linux-64"',
            ":2: unknown setting 'plattform' of machine 'a'; did you mean 'platform'?",
        ),
        ("select = [", "not TOML: "),
        ("a = 1\na = 2\n", ":2:6: not TOML: Cannot overwrite a value"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(folder: Path, text: str, said: str) -> None:
    with pytest.raises(LockstepError) as refusal:
        settings(folder, text)
    assert f"{folder / 'lockstep.toml'}{said if said.startswith(':') else ''}" in str(refusal.value)
    assert said in str(refusal.value)


def test_the_line_is_that_of_the_table_of_ours(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        "[tool.other]\nselect = 1\n\n[tool.lockstep]\nignore = []\nselect = 1\n"
    )
    with pytest.raises(LockstepError, match=r"pyproject\.toml:6: 'select' must be a list of strings"):
        load(folder, TRUSTED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool]\nlockstep = 1\n", ":2: 'tool.lockstep' must be a table, not the number 1"),
        ("[tool.lockstep]\ntool = 1\n", ":2: unknown setting 'tool'; known names:"),
        ("[tool.lockstep.machines.a]\n", ":1: machine 'a' has no platform"),
    ],
)
def test_pyproject_is_held_to_the_same(folder: Path, text: str, said: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(LockstepError) as refusal:
        load(folder, TRUSTED)
    assert said in str(refusal.value)


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "lockstep.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(LockstepError, match="is not UTF-8; save it as UTF-8"):
        load(folder, TRUSTED)


def test_a_byte_order_mark_does_no_harm(folder: Path) -> None:
    (folder / "lockstep.toml").write_bytes(b'\xef\xbb\xbfselect = ["pins"]\n')
    assert load(folder, TRUSTED).select == ("pins",)
