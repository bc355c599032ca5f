"""Workflows: the scripts of their steps, whatever YAML makes of them, and the actions that set conda up."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lint.targets.install_script.reading import shown, workflow

from conda_lockstep.lint.targets.install_script.scalar import piece_of
from conda_lockstep.text.source import UnreadableFileError

STEPS = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"


@pytest.mark.parametrize(
    "step",
    [
        "- run: conda install x",
        "- run: 'conda install x'",
        '- run: "conda install x"',
        '- run: "conda \\\n           install x"',
        '- run: "\\x63onda\\tinstall \\u0078\\n"',
        "- run: |\n          conda install x\n",
        "- run: |-\n          echo\n\n          conda \\\n            install x\n          # conda install y\n",
        "- run: >\n          conda\n          install\n          x\n",
        "- run: conda\n          install\n          x",
        "- {name: a, run: conda install x}",
        "- name: a # b\n        shell: bash -el {0}\n        run: conda install x # c",
        "- run: if true; then conda install x; fi",
    ],
)
def test_a_script_is_found_in_every_style_and_its_words_where_they_stand(step: str) -> None:
    text = f"{STEPS}      {step}\n"
    file = workflow(text)
    assert shown(file) == ["conda install x"]
    ((_, call),) = file.calls
    assert text[slice(*call.head)].startswith(("conda", "\\x63onda"))
    assert text[slice(*call.operands[0].span)] in ("x", "\\")


@pytest.mark.parametrize(
    ("shell", "found"),
    [("bash", True), ("sh", True), ("bash -el {0}", True), ("micromamba-shell {0}", True), ("pwsh", False),
     ("cmd", False), ("python", False)],
)  # fmt: skip
def test_only_what_a_posix_shell_runs_is_read(shell: str, found: bool) -> None:
    step = f"      - run: conda install x\n        shell: {shell}\n"
    assert bool(shown(workflow(STEPS + step))) is found
    default = f"defaults: {{run: {{shell: '{shell}'}}}}\n{STEPS}      - run: conda install x\n"
    assert bool(shown(workflow(default))) is found
    job = STEPS.replace("    steps", f"    defaults: {{run: {{shell: '{shell}'}}}}\n    steps")
    assert bool(shown(workflow(f"{job}      - run: conda install x\n"))) is found


def test_windows_runs_powershell_unless_it_says_otherwise() -> None:
    windows = STEPS.replace("ubuntu-24.04", "windows-2022")
    assert shown(workflow(f"{windows}      - run: conda install x\n")) == []
    assert shown(workflow(f"{windows}      - run: conda install x\n        shell: bash\n")) == [
        "conda install x"
    ]


def test_a_composite_action_has_steps_too() -> None:
    text = "name: a\nruns:\n  using: composite\n  steps:\n    - run: conda install x\n      shell: bash\n"
    assert shown(workflow(text)) == ["conda install x"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]\n",
        "a\n",
        "on: push\n",
        "jobs: 1\n",
        "jobs: {a: 1}\n",
        "jobs: {a: {steps: 2}}\n",
        "jobs: {a: {steps: [1, {run: [b]}, {run: }, {uses: {}, with: 3}]}}\n",
    ],
)
def test_what_is_no_workflow_runs_nothing(text: str) -> None:
    assert shown(workflow(text)) == []


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(UnreadableFileError):
        workflow("jobs: [\n")


def test_variables_come_from_the_workflow_the_job_and_the_step() -> None:
    text = (
        "env: {A: 1, B: 1, C: 1, D: 1}\njobs:\n  a:\n    env: {B: 2, C: 2, D: 2}\n    steps:\n"
        "      - env: {C: 3, D: 3}\n        run: |\n          export D=4\n          conda install x\n"
    )
    file = workflow(text)
    ((step, call),) = file.calls
    assert [file.setting(step, name, call.head.start) for name in "ABCDE"] == ["1", "2", "3", "4", None]


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ("environment-file: e.yml", ["micromamba create"]),
        ("create-args: python=3.12 -c x", ["micromamba create python=3.12"]),
        ("create-args: >-\n            a\n            b", ["micromamba create a b"]),
        ("micromamba-version: latest", []),
    ],
)
def test_setup_micromamba_creates_an_environment(inputs: str, found: list[str]) -> None:
    text = f"{STEPS}      - uses: mamba-org/setup-micromamba@v2\n        with:\n          {inputs}\n"
    assert shown(workflow(text)) == found


def test_the_image_of_a_job_is_known() -> None:
    text = "jobs:\n  a:\n    container: x:1\n  b:\n    container: {image: y}\n  c:\n    container: ${{ z }}\n"
    assert [image.name for image in workflow(text).images] == ["x:1", "y", ""]


_value = st.text(st.sampled_from("ab \"'\\\n#:$&é\t"), max_size=30)


@given(_value, st.sampled_from(["'", '"', "|", ">", None]), st.integers(10, 80))
@settings(max_examples=500, deadline=None)
def test_a_scalar_is_found_in_the_file_character_by_character(
    value: str, style: str | None, width: int
) -> None:
    text = yaml.dump({"run": value}, default_style=style, width=width, allow_unicode=True)
    node = yaml.compose(text, Loader=yaml.SafeLoader).value[0][1]
    piece = piece_of(text, node)
    assert piece is not None
    assert piece.text == value
    for char, place in zip(piece.text, piece.at, strict=True):
        assert char.isspace() or text[place] in (char, "\\")
    assert list(piece.at) == sorted(piece.at)
