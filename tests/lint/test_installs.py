"""The rules of installs: what each says of good and of bad commands, where, and what its fix makes of them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.config import Config
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.registry import rules
from conda_lockstep.lint.engine.runner import Finding, Fixed, parse_text
from conda_lockstep.text.source import UnreadableFileError
from tests.lint.installs_rows import CUDA, IMAGE, IN_DOCKERFILES, IN_WORKFLOWS, SCRIPTS
from tests.support.corpus import install_files
from tests.support.lint import marked

STEPS = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
ALL = tuple(rule.name for rule in rules(("installs",)))
PATHS = {"sh": "setup.sh", "Dockerfile": "Dockerfile", "yml": ".github/workflows/test.yml"}


def found(text: str, *names: str, kind: str = "sh", config: Config | None = None) -> list[Finding]:
    config = config or Config()
    return lint.lint(parse_text(text, PATHS[kind]), lint.select(config, names), config)


def fixed(text: str, *names: str, kind: str = "sh", unsafe: bool = True) -> Fixed:
    """Apply the fixes of some rules; twice is once, or the test fails."""
    chosen = lint.select(Config(), names)
    once = lint.fix(parse_text(text, PATHS[kind]), chosen, Config(), unsafe=unsafe)
    again = lint.fix(parse_text(once.text, PATHS[kind]), chosen, Config(), unsafe=unsafe)
    assert (again.text, again.done) == (once.text, ())
    return once


TABLES = {"sh": SCRIPTS, "Dockerfile": IN_DOCKERFILES, "yml": IN_WORKFLOWS}
ROWS = [
    (kind, rule, STEPS + f"      {text}\n" if kind == "yml" else f"{text}\n", bad)
    for kind, tables in TABLES.items()
    for rule, columns in tables.items()
    for bad, texts in enumerate(columns)
    for text in texts
]


@pytest.mark.parametrize(("kind", "rule", "text"), [row[:3] for row in ROWS if not row[3]])
def test_a_rule_has_nothing_to_say_of_what_is_right(kind: str, rule: str, text: str) -> None:
    assert found(text, rule, kind=kind) == []


@pytest.mark.parametrize(("kind", "rule", "text"), [row[:3] for row in ROWS if row[3]])
def test_a_rule_says_one_thing_of_what_is_wrong(kind: str, rule: str, text: str) -> None:
    (finding,) = found(text, rule, kind=kind)
    assert (finding.rule, finding.family) == (rule, "installs")
    assert finding.message and finding.help
    line = text.splitlines()[finding.line - 1]
    assert finding.lines[0] == line
    assert line[
        finding.column - 1 : finding.end_column - 1 if finding.end_line == finding.line else None
    ].strip()


def test_every_rule_has_rows_for_good_and_bad() -> None:
    tried = {rule for _, rule, _, bad in ROWS if bad} & {rule for _, rule, _, bad in ROWS if not bad}
    # What needs files beside it has tests of its own.
    assert tried | {"create-from-unlocked"} == set(ALL)


@pytest.mark.parametrize(
    ("kind", "rule", "text", "place"),
    [
        ("sh", "install-outside-file", "conda install -y a=1 'b>2' -c x c", "a=1 'b>2' -c x c"),
        ("Dockerfile", "install-outside-file", "FROM mambaorg/micromamba:2\nRUN pip install a", "a"),
        ("Dockerfile", "install-outside-file", "FROM condaforge/miniforge3:24.3.0-0\nRUN pip install a", "a"),
        ("sh", "install-outside-file", "conda install \\\n  a \\\n  b", "a"),
        ("sh", "install-outside-file", "conda run -n x pip install -U conda-lock a", "a"),
        ("sh", "install-into-base", "sudo conda install -n base a >x", "conda install -n base a"),
        ("sh", "update-all", "A=1 conda update -y --all x", "conda update -y --all"),
        ("sh", "env-update-without-prune", "mamba  env update -f e.yml", "mamba  env update"),
        ("sh", "missing-yes", "bash -c 'mamba install a'", "mamba install"),
        (
            "sh",
            "unpinned-installer",
            'x="https://repo.anaconda.com/miniconda/Miniconda3-1-$(uname -m).sh" # a',
            "https://repo.anaconda.com/miniconda/Miniconda3-1-$(uname -m).sh",
        ),
        ("Dockerfile", "unpinned-image", "FROM --platform=x a AS b", "a"),
        ("Dockerfile", "unpinned-image", "FROM a:1\nCOPY --from=b:latest x y", "b:latest"),
        ("Dockerfile", "no-cuda-override", f"{CUDA}RUN a && conda  install pytorch", "conda  install"),
        (
            "Dockerfile",
            "package-cache-left",
            "FROM a:1\nRUN a && \\\n  # b\n  conda env create -f c",
            "conda env create",
        ),
        (
            "Dockerfile",
            "missing-yes",
            'FROM a:1\nRUN ["bash", "-c", "x \\"y\\" && conda install a"]',
            "conda install",
        ),
        (
            "yml",
            "missing-yes",
            f"{STEPS}      - run: |\n          x\n          conda install a\n",
            "conda install",
        ),
        (
            "yml",
            "unpinned-installer",
            f"{STEPS}      - uses: mamba-org/setup-micromamba@v2 # a\n",
            "mamba-org/setup-micromamba@v2",
        ),
        ("yml", "unpinned-image", f"{STEPS}      - run: a\n    container: {{image: 'b:main'}}\n", "b:main"),
    ],
)
def test_a_finding_points_at_what_is_wrong(kind: str, rule: str, text: str, place: str) -> None:
    (finding,) = found(text, rule, kind=kind)
    assert marked(text, finding) == place


@pytest.mark.parametrize(
    ("kind", "rule", "text", "severity"),
    [
        ("sh", "install-outside-file", "conda create -n x python=3.12 pip", "note"),
        ("sh", "install-outside-file", "conda create -n x python=3.12 numpy", "warning"),
        ("sh", "install-outside-file", "conda install a=$A 'b={{ b }}'", "note"),
        ("sh", "install-outside-file", "conda install a=$A b", "warning"),
        ("sh", "env-update-without-prune", "conda env update", "warning"),
        ("Dockerfile", "env-update-without-prune", "FROM a:1\nRUN conda env update", "note"),
        (
            "sh",
            "unpinned-installer",
            "curl http://repo.anaconda.com/miniconda/Miniconda3-1-Linux.sh",
            "error",
        ),
        (
            "sh",
            "unpinned-installer",
            "curl https://repo.anaconda.com/miniconda/Miniconda3-latest-Linux.sh",
            "warning",
        ),
        (
            "sh",
            "unpinned-installer",
            "curl https://repo.anaconda.com/miniconda/Miniconda3-1-Linux.sh",
            "note",
        ),
        ("yml", "unpinned-installer", f"{STEPS}      - uses: mamba-org/setup-micromamba@v2\n", "note"),
    ],
)
def test_a_rule_is_as_loud_as_what_it_found(kind: str, rule: str, text: str, severity: str) -> None:
    assert [finding.severity for finding in found(text, rule, kind=kind)] == [severity]


@pytest.mark.parametrize(
    ("kind", "text", "names"),
    [
        ("sh", "conda install -y -n base a", ["install-into-base"]),
        ("sh", "conda update -y -n base --all", ["update-all"]),
        ("sh", "conda env update -n base -f e.yml", ["install-into-base"]),
        ("Dockerfile", f"{IMAGE}RUN conda install -y a \\\n b && conda clean -ay", ["install-into-base"]),
        ("sh", "conda create -n x a", ["install-outside-file", "missing-yes"]),
    ],
)
def test_one_cause_is_one_finding(kind: str, text: str, names: list[str]) -> None:
    assert sorted(finding.rule for finding in found(text, *ALL, kind=kind)) == names


@pytest.mark.parametrize(
    ("packages", "told"),
    [
        ("a", "'a' is"),
        ("a b", "'a' and 'b' are"),
        ("a b c", "'a', 'b' and 'c' are"),
        ("a b c d e", "'a', 'b', 'c' and 2 more are"),
        ("a a=1", "'a' are"),
    ],
)
def test_packages_are_named_as_a_person_would(packages: str, told: str) -> None:
    (finding,) = found(f"conda install {packages}", "install-outside-file")
    assert finding.message.startswith(told)


@pytest.mark.parametrize(
    ("kind", "rule", "text", "after"),
    [
        ("sh", "missing-yes", "conda install a # b", "conda install -y a # b"),
        ("sh", "missing-yes", "conda \\\n install \\\n a", "conda \\\n install -y \\\n a"),
        (
            "sh",
            "missing-yes",
            "conda clean -a\r\nconda env remove -n x\r\n",
            "conda clean -y -a\r\nconda env remove -y -n x\r\n",
        ),
        (
            "Dockerfile",
            "missing-yes",
            'FROM a\nRUN ["conda", "clean"]\nRUN ["sh", "-c", "conda clean"]',
            'FROM a\nRUN ["conda", "clean", "-y"]\nRUN ["sh", "-c", "conda clean -y"]',
        ),
        (
            "Dockerfile",
            "missing-yes",
            "FROM a\nRUN a \\\n # b\n\n && conda clean",
            "FROM a\nRUN a \\\n # b\n\n && conda clean -y",
        ),
        (
            "Dockerfile",
            "missing-yes",
            "FROM a\nRUN <<E\nconda clean\nE\n",
            "FROM a\nRUN <<E\nconda clean -y\nE\n",
        ),
        (
            "yml",
            "missing-yes",
            f"{STEPS}      - run: 'conda clean' # a\n",
            f"{STEPS}      - run: 'conda clean -y' # a\n",
        ),
        (
            "yml",
            "missing-yes",
            f'{STEPS}      - run: "conda\\x20clean\\n"\n',
            f'{STEPS}      - run: "conda\\x20clean -y\\n"\n',
        ),
        (
            "yml",
            "missing-yes",
            f"{STEPS}      - run: >\n          conda\n          clean\n",
            f"{STEPS}      - run: >\n          conda\n          clean -y\n",
        ),
        ("sh", "env-update-without-prune", "conda env update -f a", "conda env update --prune -f a"),
        ("Dockerfile", "env-update-without-prune", "FROM a\nRUN conda env update", None),
        (
            "Dockerfile",
            "package-cache-left",
            "FROM a\nRUN conda install a > b && c",
            "FROM a\nRUN conda install a > b && conda clean --all --yes && c",
        ),
        (
            "Dockerfile",
            "package-cache-left",
            "FROM a\nRUN a && \\\n\tconda install a\n",
            "FROM a\nRUN a && \\\n\tconda install a \\\n\t&& conda clean --all --yes\n",
        ),
        (
            "Dockerfile",
            "package-cache-left",
            "FROM a\r\nRUN /x/mamba install a \\\r\n  && b\r\n",
            "FROM a\r\nRUN /x/mamba install a \\\r\n  && /x/mamba clean --all --yes \\\r\n  && b\r\n",
        ),
        ("Dockerfile", "package-cache-left", "FROM a\nRUN conda install a | tee b", None),
        ("Dockerfile", "package-cache-left", "FROM a\nRUN if a; then conda install a; fi", None),
        ("Dockerfile", "package-cache-left", "FROM a\nRUN sudo conda install a", None),
        ("Dockerfile", "package-cache-left", 'FROM a\nRUN ["conda", "install", "a"]', None),
        ("Dockerfile", "package-cache-left", "FROM a\nRUN bash -c 'conda install a'", None),
        (
            "Dockerfile",
            "no-cuda-override",
            "FROM a-cuda12.4\nUSER x\n  RUN conda install pytorch\n",
            "FROM a-cuda12.4\nUSER x\nARG CONDA_OVERRIDE_CUDA=12.4\n  RUN conda install pytorch\n",
        ),
        ("Dockerfile", "no-cuda-override", "FROM a:cuda\nRUN conda install pytorch\n", None),
        ("sh", "install-outside-file", "conda install a", None),
    ],
)
def test_a_fix_changes_what_it_names_and_nothing_else(
    kind: str, rule: str, text: str, after: str | None
) -> None:
    done = fixed(text, rule, kind=kind)
    assert done.text == (after if after is not None else text)
    assert bool(done.done) is (after is not None)


@pytest.mark.parametrize("rule", ["env-update-without-prune", "package-cache-left", "no-cuda-override"])
def test_a_fix_that_changes_what_is_installed_is_not_made_unasked(rule: str) -> None:
    text = (
        f"{CUDA}RUN conda install pytorch\n" if rule != "env-update-without-prune" else "conda env update\n"
    )
    kind = "sh" if rule == "env-update-without-prune" else "Dockerfile"
    assert fixed(text, rule, kind=kind, unsafe=False).text == text
    assert fixed(text, rule, kind=kind).text != text


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("sh", "conda clean # lockstep: ignore=missing-yes\nconda clean\n", [2]),
        ("sh", "# lockstep: ignore=installs why\n\n# more\nconda clean \\\n  -a\nconda clean\n", [6]),
        ("sh", "# lockstep: ignore-file=missing-yes\nconda clean\nconda clean\n", []),
        ("sh", "conda clean; conda clean # lockstep: ignore=missing-yes\n", []),
        ("sh", "echo '# lockstep: ignore=missing-yes'\nconda clean\n", [2]),
        ("sh", "a \\\n  | conda_ ; conda clean \\\n -a # lockstep: ignore=missing-yes\n", []),
        (
            "Dockerfile",
            "FROM a\n# lockstep: ignore=missing-yes\nRUN a && \\\n conda clean && \\\n conda clean\nRUN conda clean\n",
            [6],
        ),
        (
            "Dockerfile",
            "FROM a\nRUN conda clean && \\\n  # lockstep: ignore=missing-yes\n  conda clean && \\\n  conda clean\n",
            [2, 5],
        ),
        ("Dockerfile", "FROM a\nRUN conda clean # lockstep: ignore=missing-yes\nRUN conda clean\n", [3]),
        (
            "yml",
            f"{STEPS}      # lockstep: ignore=missing-yes\n      - name: a\n        run: |\n          conda clean\n"
            "      - run: conda clean\n",
            [10],
        ),
        (
            "yml",
            f"{STEPS}      - run: |\n          conda clean # lockstep: ignore=missing-yes\n          conda clean\n",
            [8],
        ),
        (
            "yml",
            f"{STEPS}      - run: |\n          # lockstep: ignore=missing-yes\n"
            "          conda clean\n          conda clean\n",
            [9],
        ),
        ("yml", f"{STEPS}      - run: conda clean # lockstep: ignore=missing-yes\n", []),
    ],
)
def test_a_suppression_holds_for_what_it_stands_beside_or_above(
    kind: str, text: str, left: list[int]
) -> None:
    assert [finding.line for finding in found(text, "missing-yes", kind=kind)] == left
    assert fixed(text, "missing-yes", kind=kind).text.count("clean -y") == len(left)


@pytest.mark.parametrize(
    ("kind", "text", "after"),
    [
        ("sh", "a # lockstep: ignore=missing-yes\nb\n", "a\nb\n"),
        ("sh", "# lockstep: ignore=missing-yes\na\n", "a\n"),
        (
            "sh",
            "conda clean # lockstep: ignore=missing-yes,update-all x\n",
            "conda clean # lockstep: ignore=missing-yes x\n",
        ),
        ("Dockerfile", "FROM a:1\n# lockstep: ignore=installs\nRUN b\n", "FROM a:1\nRUN b\n"),
        ("sh", "conda clean # lockstep: ignore=missing-yes\n", None),
        ("sh", "a # lockstep: ignore=pins\n", None),
    ],
)
def test_a_suppression_of_no_use_is_told_and_removed(kind: str, text: str, after: str | None) -> None:
    told = found(text, "installs", "suppressions", kind=kind)
    assert [finding.rule for finding in told] == (["unused-suppression"] if after is not None else [])
    done = fixed(text, "installs", "suppressions", kind=kind)
    assert done.text == (after if after is not None else text)


def test_a_suppression_of_an_unknown_rule_is_told_with_what_was_meant() -> None:
    (finding,) = found("a # lockstep: ignore=missing-yess\n", "installs", "suppressions")
    assert finding.help == "did you mean 'missing-yes'?"


@pytest.mark.parametrize(
    "text",
    [
        "HF_TOKEN=hf_abcdefghijklmnop conda install a",
        "conda install -c https://u:s3cretpass@c.example a",
        "conda install a --token ghp_0123456789abcdefghij",
        "export WANDB_API_KEY='0123456789abcdef'; conda install a",
    ],
)
def test_no_secret_of_a_script_is_printed(text: str) -> None:
    secrets = ("hf_abcdefghijklmnop", "s3cretpass", "ghp_0123456789abcdefghij", "0123456789abcdef")
    for finding in found(text, *ALL):
        shown = repr(finding)
        assert not any(secret in shown for secret in secrets)
        assert len(finding.lines[0]) == len(text)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an environment file and its lock, and folders below it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "docker").mkdir()
    for folder in (tmp_path, tmp_path / "docker"):
        (folder / "gpu.yml").write_text("channels: [conda-forge]\ndependencies: [python=3.12, pytorch=2.4]\n")
    (tmp_path / "environment.yml").write_text("channels: [conda-forge]\ndependencies: [python=3.12]\n")
    (tmp_path / "conda-lock.yml").write_text("")
    (tmp_path / "docker" / "gpu.conda-lock.yml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


UNLOCKED = [
    ("setup.sh", "conda env create", "environment.yml"),
    ("setup.sh", "conda env create -f environment.yml", "environment.yml"),
    ("setup.sh", "conda env update --prune --file ./environment.yml", "./environment.yml"),
    ("setup.sh", 'micromamba create -n x -f "${HERE}/environment.yml"', '"${HERE}/environment.yml"'),
    ("setup.sh", "micromamba install -n x -f /somewhere/environment.yml", "/somewhere/environment.yml"),
    ("docker/setup.sh", "conda env create -f gpu.yml", "gpu.yml"),
    ("docker/setup.sh", "conda env create -f environment.yml", "environment.yml"),
    ("setup.sh", "conda env create -f docker/gpu.yml", "docker/gpu.yml"),
    (
        "docker/Dockerfile",
        "FROM a\nCOPY docker/gpu.yml /tmp/e.yml\nRUN conda env create -f /tmp/e.yml",
        "/tmp/e.yml",
    ),
    ("docker/Dockerfile", "FROM a\nCOPY gpu.yml /tmp/\nRUN conda env create -f /tmp/gpu.yml", "/tmp/gpu.yml"),
    (
        "Dockerfile",
        "FROM a\nCOPY . /src\nRUN conda env create -f /src/environment.yml",
        "/src/environment.yml",
    ),
    (
        "Dockerfile",
        "FROM a AS b\nCOPY environment.yml /e.yml\nFROM b\nRUN mamba env create -f /e.yml",
        "/e.yml",
    ),
    (
        ".github/workflows/a.yml",
        f"{STEPS}      - run: conda env create -f environment.yml\n",
        "environment.yml",
    ),
    (
        ".github/workflows/a.yml",
        f"{STEPS}      - uses: conda-incubator/setup-miniconda@v3\n"
        "        with: {environment-file: environment.yml}\n",
        "environment.yml",
    ),
]


@pytest.mark.parametrize(("path", "text", "place"), UNLOCKED)
def test_a_file_with_a_lock_is_not_to_be_solved_again(
    repository: Path, path: str, text: str, place: str
) -> None:
    chosen = lint.select(Config(), ("create-from-unlocked",))
    (finding,) = lint.lint(parse_text(text, path), chosen, Config())
    if text != "conda env create":
        assert marked(text, finding) == place
    assert "conda-lock.yml" in finding.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("setup.sh", "conda env create -f gpu.yml"),
        ("setup.sh", "micromamba create -n x -f conda-lock.yml"),
        ("setup.sh", "conda env create -f missing.yml"),
        ("setup.sh", "conda env create -f $FILE"),
        ("setup.sh", "conda env create --dry-run"),
        ("setup.sh", "conda env remove -n x"),
        ("setup.sh", "pip install -r environment.yml"),
        (
            "docker/Dockerfile",
            "FROM a\nCOPY environment.yml gpu.yml /tmp/\nRUN conda env create -f /tmp/other.yml",
        ),
    ],
)
def test_what_has_no_lock_or_is_one_is_left_alone(repository: Path, path: str, text: str) -> None:
    chosen = lint.select(Config(), ("create-from-unlocked",))
    assert lint.lint(parse_text(text, path), chosen, Config()) == []


@pytest.mark.parametrize(
    ("path", "text", "after"),
    [
        ("setup.sh", "mamba create -n x -f ./environment.yml", "mamba create -n x -f ./conda-lock.yml"),
        (
            "setup.sh",
            "micromamba env create -p /x --file=environment.yml",
            "micromamba env create -p /x --file=conda-lock.yml",
        ),
        (
            "Dockerfile",
            "FROM a\nCOPY environment.yml a.txt /tmp/\nRUN mamba create -n x -f /tmp/environment.yml\n",
            "FROM a\nCOPY conda-lock.yml a.txt /tmp/\nRUN mamba create -n x -f /tmp/conda-lock.yml\n",
        ),
        ("setup.sh", "mamba create -f environment.yml", None),
        ("setup.sh", "conda env create -n x -f environment.yml", None),
        ("setup.sh", "mamba create -n x -f $A/environment.yml", None),
        (
            "Dockerfile",
            "FROM a\nCOPY environment.yml /tmp/e.yml\nRUN mamba create -n x -f /tmp/e.yml\n",
            None,
        ),
    ],
)
def test_the_lock_takes_the_files_place_where_it_can(
    repository: Path, path: str, text: str, after: str | None
) -> None:
    chosen = lint.select(Config(), ("create-from-unlocked",))
    done = lint.fix(parse_text(text, path), chosen, Config(), unsafe=True)
    assert done.text == (after if after is not None else text)


@pytest.mark.parametrize(
    ("name", "told"), [("gpu.yml", True), ("environment.yml", False), ("missing.yml", True)]
)
def test_whether_a_file_needs_a_gpu_is_read_in_it(repository: Path, name: str, told: bool) -> None:
    text = f"{CUDA}COPY {name} /tmp/e.yml\nRUN mamba env create -f /tmp/e.yml\n"
    assert bool(found(text, "no-cuda-override", kind="Dockerfile")) is told


def test_what_the_settings_allow_may_be_installed() -> None:
    config = Config(install_allow=("a",))
    assert found("conda install a", "install-outside-file", config=config) == []
    assert found("conda install conda", "install-outside-file", config=config)


def test_an_unreadable_workflow_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / ".github" / "workflows" / "a.yml"
    path.parent.mkdir(parents=True)
    path.write_text("jobs: [\n")
    assert [one.rule for one in lint.lint_path(path, lint.select(Config(), ("installs",)), Config())] == [
        "unreadable-file"
    ]


_piece = st.sampled_from(
    [f"{text}\n" for good, bad in SCRIPTS.values() for text in (*good, *bad)]
    + [
        "if a; then\n",
        "fi\n",
        "(",
        ")\n",
        "a && \\\n",
        "# b\n",
        "cat <<E\n",
        "E\n",
        "'",
        '"',
        "\\\n",
        "bash -c '",
        "sudo ",
    ]
)


@given(
    st.lists(_piece, max_size=8), st.sampled_from(["sh", "Dockerfile", "yml"]), st.booleans(), st.booleans()
)
@settings(max_examples=400, deadline=None)
def test_fixing_a_generated_file_twice_is_fixing_it_once(
    pieces: list[str], kind: str, crlf: bool, unsafe: bool
) -> None:
    text = "".join(pieces)
    if kind == "Dockerfile":
        text = CUDA + "".join(f"RUN {piece}" for piece in pieces)
    elif kind == "yml":
        lines = "".join(f"          {line}\n" for line in text.splitlines())
        text = f"{STEPS}      - run: |\n{lines}"
    text = text.replace("\n", "\r\n") if crlf else text
    done = fixed(text, *ALL, kind=kind, unsafe=unsafe)
    assert ("\r" in done.text) is ("\r" in text)
    assert not [left for left in done.left if left.fix and left.fix.safety == "safe"]


def test_real_files_are_fixed_once_and_for_all() -> None:
    counted: Counter[str] = Counter()
    chosen = lint.select(Config(), ("installs",))
    for path, shown in install_files().items():
        try:
            file = parse_text(path.read_bytes().decode(), shown)
        except UnreadableFileError:
            continue
        counted.update(finding.rule for finding in lint.lint(file, chosen, Config()))
        for unsafe in (False, True):
            once = lint.fix(file, chosen, Config(), unsafe=unsafe)
            again = lint.fix(parse_text(once.text, shown), chosen, Config(), unsafe=unsafe)
            assert (again.text, again.done) == (once.text, ())
            assert not [left for left in once.left if left.fix and left.fix.safety == "safe"]
    # Only in our own cases; they have a lock beside them for the latter.
    assert {name for name in ALL if not counted[name]} == {"create-from-unlocked"}


def test_linting_environment_files_loads_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text(
        "channels: [conda-forge]\ndependencies:\n  - numpy # lockstep: ignore=pins\n"
    )
    code = (
        "import sys; from conda_lockstep.cli.main import main; main(['lint', 'environment.yml']);"
        "print('MODULES', *sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = run.stdout.rpartition("MODULES")[2].split()
    assert "conda_lockstep.lint.engine.apply_suppressions" in loaded
    # Its package says which files it is about; none of its rules, and no reader of scripts, is loaded.
    assert not [name for name in loaded if ".rules.installs." in name or ".install_script" in name]
