"""Whatever an entry is put together of, no rule fails on it, and its fixes come to an end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.selection import select
from conda_lockstep.text.source import UnreadableFileError

CONFIG = Config(
    machines=(
        DeclaredMachine("old", "linux-64", driver="450.80.02"),
        DeclaredMachine("new", "linux-64", cuda="12.4"),
    )
)
CHOSEN = select(CONFIG)

versions = st.sampled_from(
    "* 0 1 9 12 1. 1.* 1.2 2.4 11.8 12.4.1 1.26.4 3.12 1!2 2024a 1.0rc1 1.2+cu1 cu .1 a".split()
)
operators = st.sampled_from([*"= == >= <= < > != ~= === => =<".split(), " ", ""])
clauses = st.lists(st.tuples(operators, versions).map("".join), max_size=2).map(",".join)
builds = st.sampled_from(
    "* *cuda* *cuda9* cuda cu *cu cuda118 py39_0 cpu_1 *mkl* h1234567_0 *gpu_cu7 cuda_ cuda1.2".split()
)
channels = st.sampled_from("c:: c: pytorch:: nvidia/label/cuda-11.8.0:: http://h/c:: :: /".split())
conda_names = st.sampled_from(
    "python numpy pytorch torchvision torchaudio pytorch-cuda cudatoolkit cuda-version cuda-nvcc cudnn tensorflow jax "
    "jaxlib nccl mpi4py openmpi mkl cpuonly pytorch-cpu xgboost pip git Numpy A_b".split()
)
pip_names = st.sampled_from(
    "torch torchvision numpy tensorflow[and-cuda] jax[cuda] jax[cuda1] cupy-cuda cupy-cuda9 cupy-cuda12x mxnet-cu9 "
    "nvidia-cudnn-cu12 nvidia-cublas-cu11 flash-attn pytorch -e -r -i --extra-index-url git+https://h/a @ ./a".split()
)
maybe = st.sampled_from(["", "", "", "  # [linux]", "  # x", "=", " ", "[version='1']", "; a"])
conda = st.tuples(
    st.just("") | channels, conda_names, clauses, st.just("") | builds.map("={}".format), maybe
).map("".join)
sources = st.sampled_from(["", "+cu118", "+cu1", "+cu", " @ https://h/whl/cu11", "@v1", " .", " https://h"])
pip = st.tuples(pip_names, clauses, sources, maybe).map("".join)
odd = st.sampled_from(
    [
        "~",
        "3.10",
        "[a]",
        "{a: b}",
        "python: 3.10",
        "a: [b]",
        "pip:",
        "pip: []",
        "pip: [b]",
        "sel(osx): a",
        "*a",
        "''",
    ]
)
named = st.sampled_from(
    "pytorch nvidia conda-forge defaults nodefaults a/label/cuda-1 pkgs/free http://h/c HTTP://h /a ./b pypi 'a b' ~ 1 "
    "https://u:pass@h/c https://h/t/tk/c".split()
)
keys = st.sampled_from(
    ["name: 1.0", "name: a b", "prefix: /a", "platforms: [linux-64, 1]", "pip:\n  - b", "naem: c", "channels: d",
     "variables:\n  A_TOKEN: x\n  CUDA_HOME: /b", "# lockstep: ignore-file=pins", "variables: {A: 010}",
     "dependencies: []"]
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> str:
    """An environment file that has something for most rules, and nothing that is as it should be."""
    listed = draw(st.lists(named, max_size=4))
    if draw(st.booleans()):
        lines = [f"channels: [{', '.join(listed)}]"]
    else:
        lines = ["channels:", *(f"  - {channel}" for channel in listed)]
    entries = draw(st.lists(conda | conda | odd, min_size=1, max_size=4))
    lines += ["dependencies:", *(f"  - {entry}" for entry in entries)]
    required = draw(st.lists(pip, max_size=3))
    lines += ["  - pip:", *(f"    - {entry}" for entry in required)] if required else []
    lines += draw(st.lists(keys, max_size=2))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))


@settings(max_examples=300)
@given(texts())
def test_no_entry_is_too_odd_for_a_rule(text: str) -> None:
    try:
        file = lint.parse_text(text, "environment.yml")
    except UnreadableFileError:
        return
    lint.lint(file, CHOSEN, CONFIG)
    fixed = lint.fix(file, CHOSEN, CONFIG, unsafe=True)
    again = lint.fix(lint.parse_text(fixed.text, "environment.yml"), CHOSEN, CONFIG, unsafe=True)
    assert again.text == fixed.text
