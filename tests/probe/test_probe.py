"""Each step's verdict, on real interpreters with stand-ins of frameworks; and on the real PyTorch where it is there."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from conda_lockstep.cli import main as cli
from conda_lockstep.probe import document, inside, ladder, text
from conda_lockstep.probe.model import TRANSPORT, Probe
from conda_lockstep.snapshot import machine
from conda_lockstep.snapshot.model import Gpu, Machine
from tests.probe.frameworks import interpreter, put, put_torch
from tests.support.schemas import schema

BARE = Machine("linux-64", "x86_64", "Linux 6", glibc="2.31")
H100 = Machine(
    "linux-64",
    "x86_64",
    "Linux 6",
    glibc="2.31",
    driver="550.54",
    cuda="12.4",
    gpus=(Gpu("H100", "9.0", 81559),),
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return interpreter(tmp_path_factory.mktemp("probed") / "env")


@pytest.fixture
def python(made: Path) -> Path:
    """An interpreter with a sound stand-in of PyTorch."""
    put_torch(made)
    return made


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Machine], None]:
    """Says on which machine this is; there is no driver here to be asked."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return lambda here: monkeypatch.setattr(machine, "detect", lambda: here)


def probe(python: Path, timeout: float = 20.0) -> Probe:
    return ladder.climb(ladder.target_of(None, python, None, deep=False, timeout=timeout))


def verdicts(found: Probe) -> dict[str, tuple[str, str]]:
    return {step.title: (step.status, step.message) for step in found.steps}


def test_a_working_framework_on_a_gpu_reaches_the_top(python: Path, on: Callable[[Machine], None]) -> None:
    on(H100)
    found = probe(python)
    assert not found.failed, verdicts(found)
    assert found.evidence.reached == ("imported", "kernel ran", "collective ran")
    assert found.evidence.not_shown[-1] == TRANSPORT
    steps = verdicts(found)
    assert steps["torch cuda"][1] == "built for CUDA 12.4, the driver supports 12.4"
    assert steps["torch convolution"][1] == "correct on cuda:0, with cuDNN 90100"
    assert steps["torch collective"][1] == "correct on cuda:0, with NCCL 2.21.5"
    assert steps["torch architecture"][1] == "has code for 90"


def test_without_a_gpu_it_goes_as_far_as_possible_and_names_what_was_not_shown(
    python: Path, on: Callable[[Machine], None]
) -> None:
    on(BARE)
    put_torch(python, gpus=0)
    found = probe(python)
    assert not found.failed
    assert found.evidence.reached == ("imported",)
    assert "torch kernel on a GPU" in found.evidence.not_shown
    assert "torch cuda: built for CUDA 12.4, but no NVIDIA driver was found" in found.evidence.not_shown


@pytest.mark.parametrize(
    ("changes", "step", "message"),
    [
        ({"wrong": True}, "torch kernel", "a matrix product is wrong: "),
        ({"cuda": None}, "torch cuda", "a CPU build on a machine with a GPU"),
        ({"cuda": "13.0"}, "torch cuda", "built for CUDA 13.0, but the driver supports only CUDA 12.4"),
        ({"gpus": 0}, "torch cuda", "RuntimeError: no CUDA-capable device is detected"),
        (
            {"arches": ["sm_70", "sm_80", "sm_100"], "capability": (9, 0)},
            "torch architecture",
            "no code for compute capability 90, only for sm_70 sm_80 sm_100",
        ),
    ],
)
def test_a_problem_on_a_gpu_is_reported(
    python: Path, on: Callable[[Machine], None], changes: dict[str, object], step: str, message: str
) -> None:
    on(H100)
    put_torch(python, **changes)
    bad = {title: why for title, (status, why) in verdicts(probe(python)).items() if status == "failed"}
    assert bad[step].startswith(message)


@pytest.mark.parametrize(
    ("built", "capability", "runs"),
    [
        ("sm_80", 80, True),
        ("sm_80", 86, True),
        ("sm_86", 80, False),
        ("sm_80", 90, False),
        ("sm_90a", 90, True),
        ("sm_80a", 86, False),
        ("sm_90", 100, False),
        ("sm_100", 103, True),
        ("sm_100", 120, False),
        ("compute_70", 90, True),
        ("compute_90", 80, False),
        ("gfx90a", 90, False),
    ],
)
def test_code_runs_on_newer_gpus_of_its_major_and_ptx_on_all_newer_ones(
    built: str, capability: int, runs: bool
) -> None:
    assert inside._runs_on(built, capability) == runs


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "killed by SIGSEGV"),
        ("import os; os._exit(3)", "crashed", "exited with status 3 and no answer"),
        ("import time; time.sleep(60)", "hung", "timed out after 1 seconds"),
        ("import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)", "hung", "timed out"),
        ("raise ImportError('libcudart.so.12: cannot open')", "failed", "ImportError: libcudart.so.12: cannot"),
        ("print('noise' * 9000)\n__version__ = '1'", "passed", "version 1"),
        ("__version__ = '1'\n__file__ = '/elsewhere.py'", "failed", "imported from /elsewhere.py, outside"),
    ],
    ids=["segfault", "exit", "hang", "orphan", "error", "noise", "elsewhere"],
)  # fmt: skip
def test_every_end_of_an_import_is_a_result(
    made: Path, on: Callable[[Machine], None], source: str, status: str, message: str
) -> None:
    on(BARE)
    site = next(made.parents[1].glob("lib/python3.*/site-packages"))
    for path in site.glob("torch/*.py"):
        path.unlink()
    put(made, "torch", source)
    start = time.monotonic()
    found = probe(made, timeout=1.0)
    assert time.monotonic() - start < 15
    imported, *others = (step for step in found.steps if step.framework == "torch")
    assert imported.status == status
    assert imported.message.startswith(message)
    if status != "passed":
        assert {step.message for step in others} == {"could not be imported"}
    assert len(imported.output) <= 4000


def test_the_document_matches_the_schema_in_the_docs(
    python: Path, on: Callable[[Machine], None], tmp_path: Path
) -> None:
    on(H100)
    arguments = [
        "probe",
        "--python",
        str(python),
        "--format",
        "json",
        "--output",
        str(tmp_path / "probe.json"),
    ]
    assert cli.main(arguments) == 0
    written = json.loads((tmp_path / "probe.json").read_text())
    jsonschema.validate(written, schema("probe-json.md"))
    assert written["evidence"]["reached"] == ["imported", "kernel ran", "collective ran"]


def test_a_gpu_that_is_required_and_not_shown_fails(
    python: Path, on: Callable[[Machine], None], capsys: pytest.CaptureFixture[str]
) -> None:
    on(BARE)
    put_torch(python, gpus=0)
    assert cli.main(["probe", "--python", str(python)]) == 0
    assert cli.main(["probe", "--python", str(python), "--require-gpu"]) == 1
    said = capsys.readouterr()
    assert said.err == "lockstep: no kernel was shown to run on a GPU\n"
    assert "evidence: imported" in said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--python", "/nowhere/python"], "/nowhere/python: cannot run: No such file or directory"),
        (["--python", "/bin/true"], "/bin/true: does not run: exited with status 0 and no answer"),
        (["--prefix", "/tmp"], "/tmp: no bin/python found; pass an interpreter with --python"),
        (
            ["--python", sys.executable, "--deep"],
            "--lock and --deep need a prefix; pass it with --prefix",
        ),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["probe", *arguments]) == 2
    assert capsys.readouterr().err == f"lockstep: {message}\n"


def test_paths_may_be_relative_and_an_interpreter_on_the_path(
    python: Path, on: Callable[[Machine], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step runs in a folder of its own."""
    on(BARE)
    monkeypatch.chdir(python.parents[2])
    prefix = python.parents[1]
    relative = Path(prefix.name)
    assert cli.main(["probe", "--prefix", str(relative)]) == 0
    assert cli.main(["probe", "--python", str(relative / "bin" / python.name)]) == 0
    monkeypatch.setenv("PATH", str(python.parent))
    assert cli.main(["probe", "--python", python.name]) == 0


def test_an_environment_without_a_framework_is_reported(made: Path, on: Callable[[Machine], None]) -> None:
    on(BARE)
    for path in made.parents[1].glob("lib/python3.*/site-packages/torch"):
        shutil.rmtree(path)
    found = probe(made)
    assert found.frameworks == ()
    assert "a framework: torch, jax, tensorflow and cupy are not installed" in found.evidence.not_shown
    assert "evidence: none" in text.render(found)
    assert json.loads(document.dumps(found))["frameworks"] == []


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="PyTorch is not installed here")
def test_the_real_pytorch_computes_here() -> None:
    found = ladder.climb(ladder.target_of(None, Path(sys.executable), None, deep=False, timeout=120))
    steps = {step.name: step for step in found.steps if step.framework == "torch"}
    assert steps["import"].status == steps["kernel"].status == steps["convolution"].status == "passed", steps
    if os.environ.get("CUDA_VISIBLE_DEVICES") != "" and found.machine.gpus:
        assert steps["kernel"].on_gpu
