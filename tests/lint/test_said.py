"""What every rule says of the rows of the tables, word for word, with what its fix writes: somebody looked at it.

``LOCKSTEP_ACCEPT=1`` writes the files of ``said/`` anew, one for each rule. Read the difference before you commit it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.registry import rules
from conda_lockstep.lint.engine.runner import Finding
from tests.lint import test_channels, test_document, test_gpu, test_installs, test_pins, test_pip
from tests.lint import test_tables as tables
from tests.lint.rules import test_secrets
from tests.support.lint import of
from tests.support.snapshots import assert_as_seen

SAID = Path(__file__).parent / "said"
SEVERAL = {
    "undeclared-channel": of("a::b", "conda-forge::c", "d::e", "a::f"),
    "dead-channel": "channels: [a, pkgs/free, conda-forge, huggingface]\ndependencies: [b]\n",
    "duplicate-channel": "channels: [a, b, a, c, b]\ndependencies: [d]\n",
    "invalid-channel": "channels: [a, pypi, conda-forge, 'b c', pip]\ndependencies: ['d:e', f, 'g:h']\n",
    "insecure-channel": "channels: ['http://a/b', c, 'http://d/e']\ndependencies: [f]\n",
    "local-channel": "channels: [/a, b, ./c]\ndependencies: [d]\n",
    "null-item": "channels: [~, a, ~]\ndependencies: [~, b, {pip: [~, c, ~]}]\nplatforms: [~]\n",
    "non-string-item": "channels: [1, a, {b: c}]\ndependencies: [[d], e, 2, {pip: [f, 3, [g]]}]\n",
    "mapping-spec": of("a: 1", "b", "c: [d]", "'e: f'", "g: '<2'", "h: 1 2"),
    "pip-syntax-in-conda-list": of("c::a=*", "-e .", "a -c b", "d", "e[f]", "g @ https://h", pip=["i"]),
    "invalid-match-spec": of("a=", "b", "c==", "{{ d }}", "'e'", "f=>1"),
    "empty-pip-section": of("a", "pip:") + "  - pip: []\n  - pip:\n  - b\n",
    "template-in-file": of("a={{ b }}", "c", "$D", pip=["e=={f}", "g", "h==$I"]),
    "unquoted-scalar": "name: 1.0\ndependencies: [a]\nvariables: {A: 010, B: c, D: yes, E: 1.50}\n",
    "unknown-key": "naem: a\nfoo: b\nchanels: [c]\ndependencies: [d]\nvariabels: {A: b}\n",
    "duplicate-key": "name: a\nname: b\ndependencies: [c]\nname: d\nvariables: {A: 1, B: 2, A: 3}\n",
    "bracket-comment": of("a  # [b]", "c  # d", "e  # [f]", pip=["g  # [h]", "i", "j  # (k) [l]"]),
    "unsupported-selector": of("a  # [linux]", "b", "sel(osx): c", "d  # [win]"),
    "duplicate-spec": of("a", "b=1", "a=1", "b=1", "A", "c"),
    "contradictory-spec": of("a=1", "b<2", "a=2", "b>=3", "c"),
    "unpinned-cuda": of("cuda-version", "cuda-nvcc", "cudatoolkit>=11", "pytorch-cuda"),
    "cudatoolkit-12": of("cudatoolkit=12", "a", "cudatoolkit-dev=12.1"),
    "exact-cuda-version": of("cuda-version=12", "cuda-version==12", "a==1", "cudatoolkit==11.3"),
    "torch-family-mismatch": of("pytorch=2.4", "torchvision=0.18", "torchaudio=2.3", "python=3.13"),
    "gpu-variant-unspecified": of("pytorch", "a", "jax", "jaxlib", "tensorflow", "xgboost"),
    "two-cuda-stacks": of("cudnn", "a", "nccl", pip=["torch", "nvidia-cublas-cu12", "nvidia-cudnn-cu11"]),
    "unpinned-collective": of("nccl", "a", "openmpi", "ucx=1", "mpi4py"),
    "library-path-variable": "dependencies: [a]\nvariables:\n  LD_LIBRARY_PATH: b\n  C: d\n  CUDA_HOME: e\n",
    "pytorch-cuda-without-channel": of("pytorch-cuda=12.4", "conda-forge::pytorch", head=test_gpu.FORGE),
    "channel-credentials": "channels: ['https://a:bcd@e/f', g, 'https://h/t/ij/k']\ndependencies: [l]\n",
    "index-credentials": of("a", pip=["-i https://b:cde@f/g", "h", "i @ https://j:klm@n/o.whl"]),
    "secret-variable": test_secrets.variable("A_TOKEN", "abcd\n  B: c\n  D_PASSWORD: efgh"),
    "unused-suppression": of(
        "a  # lockstep: ignore",
        "b  # lockstep: ignore=unpined-conda",
        "c=1  # lockstep: ignore=unpinned-conda,gpu why",
        "d=1  # why # lockstep: ignore=unpinned-conda",
        "e  # lockstep: ignore=unpinned-conda",
        "f=1  # lockstep: ignore=unpinned-conda # lockstep: ignore=no-such-rule-at-all",
    )
    + "# lockstep: ignore-file=unpinned-conda\n",
}
"""Files in which a rule has more than one thing to say, right entries between the wrong ones."""


@pytest.mark.parametrize("rule", [rule.name for rule in rules()])
def test_what_is_said_is_what_was_looked_at(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ""
    for number, files in enumerate(_rows(rule)):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        said += _said(rule, files)
    # The cases of a rule that is in no table lie in its folder under hooks/, each with what is said of it.
    if said:
        assert_as_seen(said, SAID / f"{rule}.txt")


def test_every_file_that_was_looked_at_is_that_of_a_rule() -> None:
    assert {path.stem for path in SAID.iterdir()} <= {rule.name for rule in rules()}


def _rows(rule: str) -> Iterator[dict[str, str | bytes]]:
    """Yield the files of each bad row, the first of which is looked at; then what is wrong in several places."""
    for module in (test_document, test_channels, test_gpu, test_secrets):
        for text, _ in module.BAD.get(rule, ()):
            yield {tables.FILE: text}
    conda = test_pins.GOOD_AND_BAD.get(rule, ((), ()))[1]
    for entries in (*((entry,) for entry in conda), *((tuple(conda),) if conda else ())):
        yield {tables.FILE: of(*entries)}
    pip = test_pip.GOOD_AND_BAD.get(rule, ((), ()))[1]
    for entries in (*((entry,) for entry in pip), *((tuple(pip),) if pip else ())):
        yield {tables.FILE: of("python=3.9", "pandas=1.3", "pip", pip=["first==1.0", *entries, "last==1.0"])}
    commands = ""
    for kind, name, text, is_bad in test_installs.ROWS:
        if name == rule and is_bad:
            yield {test_installs.PATHS[kind]: text}
            commands += text if kind == "sh" else ""
    if commands:
        yield {test_installs.PATHS["sh"]: commands}
    for files, _ in tables.BAD.get(rule, ()):
        yield files
    if rule in SEVERAL:
        yield {tables.FILE: SEVERAL[rule]}


def _said(rule: str, files: dict[str, str | bytes]) -> str:
    """Write some files, and return what is said of the first."""
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    others = ("unpinned-conda",) if rule == "unused-suppression" else ()
    chosen = lint.select(test_gpu.A100, (rule, *others))
    found = lint.lint_path(Path(next(iter(files))), chosen, test_gpu.A100)
    return "".join(_shown(one) for one in found if one.rule == rule) + "\n"


def _shown(finding: Finding) -> str:
    lines = [f"  | {line}" for line in finding.lines]
    lines += [
        f"{_place(finding)} {finding.severity}: {finding.message}",
        f"  help: {finding.help}",
        *(f"  also {line}:{start}-{line}:{end}: {what}" for line, start, end, what in finding.also),
    ]
    if finding.fix:
        lines.append(f"  {finding.fix.safety} fix: {finding.fix.message}")
        lines += [f"    {_place(one)} {one.text!r}" for one in finding.fix.edits]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _place(one: Finding | lint.EditAt) -> str:
    return f"{one.line}:{one.column}-{one.end_line}:{one.end_column}"
