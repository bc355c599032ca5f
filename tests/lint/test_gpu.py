from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.registry import rules
from tests.support.lint import fixed, found, marked, of

FORGE = "channels: [conda-forge, nodefaults]\ndependencies:\n"
TORCH = "channels: [pytorch, nvidia, conda-forge]\ndependencies:\n"
OLD = "channels: [pytorch, conda-forge]\ndependencies:\n"


def forge(*conda: str, pip: tuple[str, ...] = ()) -> str:
    return of(*conda, pip=pip, head=FORGE)


def torch(*conda: str, pip: tuple[str, ...] = ()) -> str:
    return of(*conda, pip=pip, head=TORCH)


def old(*conda: str, pip: tuple[str, ...] = ()) -> str:
    return of(*conda, pip=pip, head=OLD)


def in_lines(*channels: str, deps: str) -> str:
    lines = "".join(f"  - {channel}\n" for channel in channels)
    return of(deps, head=f"channels:\n{lines}dependencies:\n")


def variables(*lines: str) -> str:
    return "channels: [a]\ndependencies: [b]\nvariables:\n" + "".join(f"  {line}\n" for line in lines)


A100 = Config(machines=(DeclaredMachine("a100", "linux-64", driver="535.104.05"),))

GOOD: dict[str, list[str]] = {
    "gpu-variant-unspecified": [
        forge("pytorch=*=*cuda*"),
        forge("pytorch=2.4.1=cuda120_py312h26b3cf7_300"),
        forge("pytorch[build='*cuda*']"),
        forge("pytorch-gpu=2.4", "pytorch"),
        forge("pytorch", "cpuonly"),
        forge("tensorflow", "cpuonly"),
        forge("tensorflow-gpu=2.17"),
        forge("tensorflow=2.17=cuda*", "jaxlib=*=*cuda*", "jax"),
        forge("xgboost", "lightgbm", "onnxruntime"),
        torch("pytorch=2.4", "pytorch-cuda=12.4"),
        old("pytorch=1.12", "cudatoolkit=11.3"),
        torch("pytorch", "pytorch-mutex=*=*cuda*"),
        old("pytorch=1.1.0", "cuda92"),
        of("pytorch", head="platforms: [osx-arm64]\nchannels: [a]\ndependencies:\n"),
        forge("tensorflow-deps", "tensorflow"),
        forge("tensorflow", pip=("tensorflow-macos",)),
        forge("tensorflow", pip=("tensorflow-metal",)),
        forge("pytorch=1.7.1=py38_cu110*"),
        in_lines("pytorch", "nvidia", deps="pytorch=2.4=*cu124*"),
        forge("numpy", pip=("torch",)),
        torch("pytorch", "pytorch-cuda=12.4"),
        torch("pytorch", "pytorch-cuda=12.4", "python=3.9"),
    ],
    "unpinned-cuda": [
        forge("cuda-version=12.6", "cudatoolkit"),
        forge("cuda-version>=12,<13", "cuda-toolkit"),
        forge("cudatoolkit=11.8"),
        forge("cuda-nvcc"),
        forge("cuda-version<13"),
        forge("cudnn"),
    ],
    "cuda-conflict": [
        forge("cuda-version=12.6", "cuda-nvcc=12.4", "cuda-python=12.*"),
        forge("cuda-version=12.6", "pytorch=2.5.1=cuda120*"),
        forge("cudatoolkit=11.3.1", "cuda-version=11.3"),
        forge("cudatoolkit=11.3", pip=("cupy-cuda11x",)),
        forge("cuda-version=12.4", pip=("torch==2.4.1+cu121",)),
        forge(pip=("torch==2.4.1+cu121", "--extra-index-url https://download.pytorch.org/whl/cu121")),
        forge(pip=("nvidia-cublas-cu11", "nvidia-cudnn-cu12")),
        of("cuda-toolkit=12.1", head="channels: [nvidia/label/cuda-11.8.0, nvidia]\ndependencies:\n"),
        forge("cuda-version==12", "cuda-nvcc=12.6"),
        forge("cuda-version>=11"),
        # pip ignores an index behind a requirement
        forge(
            "cuda-version=12.4", pip=("cupy==13 --extra-index-url https://download.pytorch.org/whl/cu118",)
        ),
        forge("cudatoolkit=9.2", "pytorch=1.2=*cuda9*"),
        forge("numpy"),
    ],
    "cudatoolkit-12": [
        forge("cudatoolkit=11.8"),
        forge("cudatoolkit"),
        forge("cudatoolkit<13"),
        forge("cuda-version=12.1"),
    ],
    "exact-cuda-version": [
        forge("cuda-version=12"),
        forge("cuda-version==12.6"),
        forge("cudatoolkit==11.3.1"),
        forge("cuda-toolkit 12.4.1"),
        forge("cudatoolkit==9.2"),
        forge("cuda-version>=12"),
        forge("cuda-version=12.*=h*"),
        forge("numpy==1"),
    ],
    "pytorch-cuda-without-channel": [
        torch("pytorch=2.4", "pytorch-cuda=12.4"),
        of("pytorch::pytorch-cuda=12.4", head="channels: [nvidia]\ndependencies:\n"),
        of("pytorch-cuda=12.4", head="channels: [https://mirror.example.com/x]\ndependencies:\n"),
        torch("pytorch::pytorch=2.4", "pytorch-cuda=12.4"),
        in_lines("nvidia", "pytorch", deps="pytorch-cuda=12.4"),
        in_lines("nvidia", deps="pytorch::pytorch-cuda=12.4"),
        forge("pytorch"),
    ],
    "driver-too-old": [
        forge("cuda-version=12.9"),
        forge("cuda-version=11.8"),
        forge("cuda-nvcc=13.0"),
        forge(pip=("mxnet-cu92",)),
        forge("numpy"),
    ],
    "torch-family-mismatch": [
        torch("pytorch=2.4", "torchvision=0.19", "torchaudio=2.4", "python=3.12", "pytorch-cuda=12.4"),
        torch("pytorch==2.0.1", "torchvision==0.15.2", "torchaudio==2.0.2"),
        forge("pytorch=2.4", "torchvision", "python=3.14"),
        forge("pytorch>=2.2", "torchvision=0.15"),
        forge("pytorch=2.4", "torchvision>=0.15"),
        forge("pytorch=2.8", "torchvision=0.24"),
        forge("pytorch=9.9", "torchvision=0.1"),
        old("pytorch=1.3", "torchvision=0.4"),
        old("pytorch=1.3.1", "torchvision=0.4.2"),
        forge("pytorch=2", "torchvision=0.15"),
        forge(pip=("torch==2.4.1", "torchvision==0.19.1", "torchaudio==2.4.1")),
        forge("pytorch=2.12", "torchaudio=2.11"),
    ],
    "split-torch": [
        torch("pytorch", "torchvision"),
        forge("numpy", pip=("torch", "torchvision")),
        torch("pytorch", pip=("torchmetrics",)),
        torch("torchaudio", "pytorch-gpu", pip=("numpy",)),
    ],
    "two-cuda-stacks": [
        forge("cudnn", "pytorch"),
        forge("numpy", pip=("torch",)),
        forge("cudnn", pip=("torch==2.4.1+cpu",)),
        forge("cudnn", pip=("tensorflow==2.16.2",)),
        forge(pip=("nvidia-cublas-cu12", "nvidia-cudnn-cu12")),
        forge("cuda-nvcc", pip=("torch",)),
        old("pytorch", "cudatoolkit=11.3", pip=("torch",)),
        forge("cudnn", "pytorch-gpu", pip=("torch",)),
    ],
    "openmp-clash": [forge("mkl", "pytorch"), forge("numpy", pip=("torch",)), forge("llvm-openmp")],
    "library-path-variable": [
        variables("NCCL_DEBUG: WARN", "PATH_X: y"),
        "channels: [a]\ndependencies: [b]\n",
    ],
    "unpinned-collective": [
        forge("nccl=2.23", "openmpi=5", "mpi4py=4", "ucx>=1.17"),
        forge("mpi4py=4", "mpich=4.2"),
        forge("mpi4py=4=*mpich*"),
        forge("numpy"),
    ],
    "cpuonly-conflict": [
        forge("cpuonly", "pytorch"),
        forge("cpuonly", "cuda-version=12.4"),
        forge("pytorch=*=cpu*"),
        forge("pytorch=*=cuda*", "cudnn"),
    ],
    "numpy-abi": [
        old("pytorch=1.12", "numpy<2", "python=3.9"),
        old("pytorch=1.12", "numpy=1.26"),
        old("pytorch=1.12", "numpy", "python=3.8"),
        old("pytorch=2.3", "numpy"),
        old("pytorch", "numpy"),
        old("pytorch>=1.12", "numpy"),
        old("pytorch<=2.3", "numpy"),
        torch("pytorch", "torchaudio", pip=("a", "b")),
        old("pytorch=2.3", "numpy=2"),
        forge("pytorch=1.13", "numpy"),
        of("pytorch=1.12", "numpy", head="channels: [a, pytorch]\ndependencies:\n"),
        forge("numpy", pip=("torch==2.4.1",)),
        forge("python=3.10", pip=("torch==1.13.1",)),
        # no Python that the release runs on can run NumPy 2
        of("python>=3.8", "numpy", "pytorch==1.6.0", head=OLD),
        old("numpy", "pytorch=1.7", "python<3.9"),
        forge("python>=3.6", "numpy", pip=("torch==1.5.1",)),
        # what depends on NumPy does not allow NumPy 2
        forge("python=3.10", "scikit-image=0.22", pip=("torch==2.1.0",)),
        forge("python=3.10", "pandas=2.1", "scipy<1.13", pip=("torch==2.1.0",)),
        forge("python=3.10", "requests", pip=("torch==2.1.0",)),
        forge("python=3.10", "scikit-image=0.24", pip=("torch==2.4.0",)),
    ],
}

BAD: dict[str, list[tuple[str, str]]] = {
    "gpu-variant-unspecified": [
        (forge("pytorch"), "pytorch"),
        (forge("'pytorch=2.4'", "cuda-version=12.4"), "pytorch"),
        (forge("conda-forge::pytorch=2.4"), "pytorch"),
        (forge("pytorch", "pytorch-cuda=12.4"), "pytorch"),
        (forge("tensorflow>=2.10", "cudatoolkit=11.8"), "tensorflow"),
        (forge("jax"), "jax"),
        (forge("jaxlib"), "jaxlib"),
        (torch("pytorch=2.4"), "pytorch"),
        (forge("xgboost", "cuda-version=12.4"), "xgboost"),
        (of("pytorch", head="channels: [defaults, pytorch]\ndependencies:\n"), "pytorch"),
        (of("pytorch", head="channels: [conda-forge, pytorch]\ndependencies:\n"), "pytorch"),
        (of("pytorch", head="channels: [a, pytorch]\ndependencies:\n"), "pytorch"),
    ],
    "unpinned-cuda": [
        (forge("cudatoolkit"), "cudatoolkit"),
        (forge("cuda-version=*"), "cuda-version=*"),
        (torch("pytorch=2.4", "pytorch-cuda"), "pytorch-cuda"),
        (forge("'cuda-version>=12.6'"), "'cuda-version>=12.6'"),
        (forge("cuda", "cuda-nvcc=12.4"), "cuda"),
        (forge("cuda-version>12.6"), "cuda-version>12.6"),
    ],
    "cuda-conflict": [
        (forge("cuda-version=11.8", "cudatoolkit=11.3"), "cudatoolkit=11.3"),
        (forge("cuda-version=12.4", "cuda-nvcc=11.8"), "cuda-nvcc=11.8"),
        (forge("cuda-version=12.4", "cuda-python>=13,<14"), "cuda-python>=13,<14"),
        (forge("cuda-version=11.8", "pytorch=2.4.1=cuda120*"), "pytorch=2.4.1=cuda120*"),
        (old("pytorch=1.7.1=py3.7_cuda11.0.221_cudnn8.0.5_0", "cudatoolkit=10.2"), "cudatoolkit=10.2"),
        (old("torchvision=0.8.2=py37_cu110", "cudatoolkit=10.2"), "cudatoolkit=10.2"),
        (old("torchvision=0.8.2=py37_cu110", "torchaudio=0.7=py37_cu92"), "torchaudio=0.7=py37_cu92"),
        (forge("jaxlib=*=*cuda118*", "cuda-version=12"), "cuda-version=12"),
        (forge("cuda-version=12.4", pip=("torch==2.0+cu118",)), "cuda-version=12.4"),
        (forge("cuda-version=12.4", pip=("jax[cuda13]",)), "cuda-version=12.4"),
        (forge("cuda-version=12.4", pip=("mxnet-cu101",)), "cuda-version=12.4"),
        (forge(pip=("torch==2.4.1+cu118", "torchvision==0.19.1+cu121")), "torchvision==0.19.1+cu121"),
        (forge("nvidia/label/cuda-11.8.0::cuda-nvcc=12.1", "cuda-version=11.8"), "cuda-version=11.8"),
    ],
    "cudatoolkit-12": [
        (forge("cudatoolkit=12.1"), "cudatoolkit=12.1"),
        (forge("cudatoolkit>=12"), "cudatoolkit>=12"),
        (forge("cudatoolkit-dev==12.4"), "cudatoolkit-dev==12.4"),
        (forge("cudatoolkit 12"), "cudatoolkit 12"),
        (forge("cudatoolkit=12.1.0  # newer"), "cudatoolkit=12.1.0"),
        (forge("cuda-version=12.1", "cudatoolkit=12.1"), "cudatoolkit=12.1"),
    ],
    "exact-cuda-version": [
        (forge("cuda-version==12"), "cuda-version==12"),
        (forge("cuda-version 12"), "cuda-version 12"),
        (forge("cudatoolkit==11.3"), "cudatoolkit==11.3"),
        (forge("cuda-version=12=h67201e3_3"), "cuda-version=12=h67201e3_3"),
    ],
    "pytorch-cuda-without-channel": [
        (forge("pytorch-cuda=12.4"), "pytorch-cuda=12.4"),
        (old("pytorch-cuda=12.4"), "pytorch-cuda=12.4"),
        (forge("pytorch::pytorch-cuda=12.4"), "pytorch::pytorch-cuda=12.4"),
        (in_lines("conda-forge", deps="pytorch-cuda=12.4"), "pytorch-cuda=12.4"),
        (in_lines("pytorch", "conda-forge", deps="pytorch-cuda=12.4"), "pytorch-cuda=12.4"),
        (in_lines("nvidia", "conda-forge", deps="pytorch-cuda=12.4"), "pytorch-cuda=12.4"),
        (of("pytorch-cuda", head="channels: [nvidia]\ndependencies:\n"), "pytorch-cuda"),
        (of("pytorch-cuda", head="dependencies:\n"), "pytorch-cuda"),
        (torch("conda-forge::pytorch=2.4", "pytorch-cuda=12.4"), "pytorch-cuda=12.4"),
    ],
    "driver-too-old": [
        (forge("cuda-version=13.0"), "cuda-version=13.0"),
        (torch(pip=("torch==2.9.1+cu130",)), "torch==2.9.1+cu130"),
        (forge("cuda-version>=13"), "cuda-version>=13"),
    ],
    "torch-family-mismatch": [
        (torch("pytorch=2.4", "torchvision=0.18"), "torchvision=0.18"),
        (torch("pytorch=2.4", "torchaudio==2.3.1"), "torchaudio==2.3.1"),
        (torch("pytorch=2.4", "python=3.13"), "python=3.13"),
        (torch("pytorch=2.4", "pytorch-cuda=12.6"), "pytorch-cuda=12.6"),
        (old("pytorch=1.3.1", "torchvision=0.4.0"), "torchvision=0.4.0"),
        (forge(pip=("torch==2.0.1", "torchvision==0.14.1")), "torchvision==0.14.1"),
        (forge(pip=("torch==2.0.1+cu121",)), "torch==2.0.1+cu121"),
        (forge("python=3.12", pip=("torch~=2.0.0",)), "python=3.12"),
        (torch("pytorch=2.4", pip=("torchvision==0.18",)), "torchvision==0.18"),
    ],
    "split-torch": [
        (torch("pytorch", pip=("torch",)), "torch"),
        (torch("pytorch", pip=("torchvision==0.19",)), "torchvision==0.19"),
        (torch("torchvision", pip=("torch",)), "torch"),
        (forge("pytorch-gpu", pip=("torch",)), "torch"),
        (forge("torchaudio", pip=("torch",)), "torch"),
    ],
    "two-cuda-stacks": [
        (forge("cudnn=9", pip=("torch",)), "cudnn=9"),
        (forge("nccl", "numpy", pip=("torch==2.4.1+cu121",)), "nccl"),
        (forge("cudatoolkit=11.2", pip=("tensorflow[and-cuda]",)), "cudatoolkit=11.2"),
        (forge("libcublas", pip=("jax[cuda12]",)), "libcublas"),
        (forge("cudnn", pip=("nvidia-cublas-cu12",)), "cudnn"),
        (forge("cudnn", "a", "nccl", "libcublas", pip=("torch",)), "cudnn"),
        (forge(pip=("nvidia-cublas-cu12", "nvidia-cudnn-cu13")), "nvidia-cudnn-cu13"),
    ],
    "openmp-clash": [
        (forge("llvm-openmp", pip=("torch",)), "llvm-openmp"),
        (forge("mkl=2024", pip=("torch==2.4.1",)), "mkl=2024"),
    ],
    "library-path-variable": [
        (variables("LD_LIBRARY_PATH: /a"), "LD_LIBRARY_PATH: /a"),
        (variables("A: b", "CUDA_HOME: '/a'"), "CUDA_HOME: '/a'"),
    ],
    "unpinned-collective": [
        (forge("nccl"), "nccl"),
        (forge("openmpi=*"), "openmpi=*"),
        (forge("mpi4py=4"), "mpi4py=4"),
        (forge("mpi4py", "openmpi=5"), "mpi4py"),
        (forge("ucx"), "ucx"),
    ],
    "cpuonly-conflict": [
        (torch("cpuonly", "pytorch-cuda=12.4"), "cpuonly"),
        (forge("pytorch=*=cpu*", "cudnn"), "pytorch=*=cpu*"),
        (forge("pytorch-cpu", "pytorch-gpu"), "pytorch-cpu"),
        (forge("cpuonly", "tensorflow=*=cuda*"), "cpuonly"),
        (torch("pytorch-mutex=1.0=cpu", "pytorch-cuda=12.4"), "pytorch-mutex=1.0=cpu"),
    ],
    "numpy-abi": [
        (old("pytorch=1.12", "numpy"), "numpy"),
        (old("pytorch=2.2", "numpy=2.1"), "numpy=2.1"),
        (old("pytorch=2.2", "numpy=2"), "numpy=2"),
        (forge("numpy>=1.20", pip=("torch==1.13.1",)), "numpy>=1.20"),
        (forge("python=3.10", pip=("torch<2.3", "numpy")), "numpy"),
        (torch("pytorch::pytorch=1.13", "numpy"), "numpy"),
        (of("pytorch=1.12", "numpy", head="channels: [nvidia, pytorch, a]\ndependencies:\n"), "numpy"),
        (old("pytorch=1.7", "numpy"), "numpy"),
        (forge("python=3.10", "scikit-image=0.24", pip=("torch==2.1.0",)), "scikit-image=0.24"),
        (forge("python=3.10", "pandas", pip=("torch==2.1.0",)), "pandas"),
        (forge("python=3.10", pip=("torch==2.1.0", "torchvision==0.16.0")), "torchvision==0.16.0"),
        (forge("python=3.9", pip=("opencv-python", "torch==1.13.1")), "opencv-python"),
    ],
}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in GOOD.items() for text in texts])
def test_what_is_right_is_left_alone(rule: str, text: str) -> None:
    assert found(text, rule, config=A100) == []


@pytest.mark.parametrize(
    ("rule", "text", "mark"), [(rule, *bad) for rule, texts in BAD.items() for bad in texts]
)
def test_what_is_wrong_is_found_where_it_stands(rule: str, text: str, mark: str) -> None:
    (finding,) = found(text, rule, config=A100)
    assert (finding.rule, marked(text, finding)) == (rule, mark)
    fixed(text, rule, config=A100)


def test_every_rule_has_good_and_bad_rows() -> None:
    assert {rule.name for rule in rules(("gpu",))} == GOOD.keys() == BAD.keys()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pytorch", "pytorch=*=*cuda*"),
        ("pytorch=2.4", "pytorch=2.4.*=*cuda*"),
        ("pytorch=2.4.*", "pytorch=2.4.*=*cuda*"),
        ("pytorch=2.4.1", "pytorch=2.4.1=*cuda*"),
        ("pytorch==2.4.1", "pytorch=2.4.1=*cuda*"),
        ("pytorch 2.4.1", "pytorch=2.4.1=*cuda*"),
        ("pytorch >=2.2", "pytorch>=2.2=*cuda*"),
        ("pytorch >= 2.2", "pytorch>=2.2=*cuda*"),
        ("'pytorch>=2.2,<3'", "'pytorch>=2.2,<3=*cuda*'"),
        ("conda-forge::pytorch=2.4  # x", "conda-forge::pytorch=2.4.*=*cuda*  # x"),
    ],
)
def test_a_build_with_cuda_is_asked_for_and_the_version_stays_what_it_was(before: str, after: str) -> None:
    text = forge("cuda-version=12.4", before)
    assert fixed(text, "gpu-variant-unspecified").text == forge("cuda-version=12.4", after)
    assert fixed(forge(before), "gpu-variant-unspecified").text == forge(before)


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("exact-cuda-version", forge("cuda-version==12"), forge("cuda-version=12")),
        ("exact-cuda-version", forge("cuda-version 12.*"), forge("cuda-version 12.*")),
        ("cudatoolkit-12", forge("c::cudatoolkit=12.1"), forge("c::cuda-version=12.1")),
        ("cudatoolkit-12", forge("cudatoolkit>=12.1,<13"), forge("cuda-version=12.1")),
        ("unpinned-cuda", forge("cuda-version>=12.6  # x"), forge("cuda-version>=12.6,<13  # x")),
        (
            "unpinned-cuda",
            old("cudatoolkit", pip=("torch==1.8.1+cu111",)),
            old("cudatoolkit=11.1", pip=("torch==1.8.1+cu111",)),
        ),
        ("split-torch", torch("pytorch", pip=("torch", "x")), torch("pytorch", pip=("x",))),
        ("split-torch", torch("pytorch", pip=("torch",)), torch("pytorch", pip=("torch",))),
        ("library-path-variable", variables("A: b", "CUDA_HOME: /c"), variables("A: b")),
    ],
)
def test_a_fix_does_what_was_meant_and_no_more(rule: str, before: str, after: str) -> None:
    assert fixed(before, rule).text == after


@pytest.mark.parametrize(
    ("machine", "cuda", "expected"),
    [
        (DeclaredMachine("m", "linux-64", driver="580.65"), "13.0", False),
        (DeclaredMachine("m", "linux-64", driver="579.9"), "13.0", True),
        (DeclaredMachine("m", "linux-64", driver="525.60.13"), "12.9", False),
        (DeclaredMachine("m", "linux-64", driver="525.60"), "12.0", True),
        (DeclaredMachine("m", "linux-64", driver="450.80.02"), "11.8", False),
        (DeclaredMachine("m", "linux-64", driver="440.33"), "10.2", False),
        (DeclaredMachine("m", "linux-64", driver="418.39"), "10.2", True),
        (DeclaredMachine("m", "linux-64", cuda="12.2"), "12.9", False),
        (DeclaredMachine("m", "linux-64", cuda="11.8"), "12.0", True),
        (DeclaredMachine("m", "linux-64", cuda="10.1"), "10.2", True),
        (DeclaredMachine("m", "linux-64"), "13.0", False),
        (DeclaredMachine("m", "linux-64", driver="600"), "7.5", False),
    ],
)
def test_a_driver_runs_its_major_and_older_ones(machine: DeclaredMachine, cuda: str, expected: bool) -> None:
    config = Config(machines=(machine,))
    assert bool(found(forge(f"cudatoolkit={cuda}"), "driver-too-old", config=config)) is expected


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (forge("cudatoolkit"), "warning"),
        (old("pytorch", "cudatoolkit"), "error"),
        (forge("cuda-version>=12", "pytorch"), "warning"),
    ],
)
def test_a_bare_toolkit_beside_a_framework_is_an_error(text: str, severity: str) -> None:
    assert [finding.severity for finding in found(text, "unpinned-cuda")] == [severity]


def test_the_specific_rule_speaks_and_the_general_one_is_silent() -> None:
    text = old("python=3.9", "pytorch=1.12.1", "cudatoolkit")
    assert [finding.rule for finding in found(text, "gpu", "pins")] == ["unpinned-cuda"]
    text = forge("python=3.12", "cuda-version==12")
    assert [finding.rule for finding in found(text, "gpu", "pins")] == ["exact-cuda-version"]
    text = of(
        "python=3.9", "pytorch=1.9", "cudatoolkit=11.1", head="channels: [defaults, pytorch]\ndependencies:\n"
    )
    (finding,) = found(text, "gpu", "channels")
    assert (finding.rule, [place[:2] for place in finding.also]) == ("channel-order", [(1, 22), (4, 5)])
    assert [finding.rule for finding in found(text, "gpu")] == ["gpu-variant-unspecified"]
    text = forge("python=3.12", "cuda-version=12.6", "cuda-nvcc", "cuda-cudart-dev", "cuda-python", "cudnn")
    assert [marked(text, finding) for finding in found(text, "unpinned-conda")] == ["cuda-python", "cudnn"]
    text = forge("python=3.12", "cuda-version=11.8", "cudatoolkit", "nvcc_linux-64")
    assert found(text, "unpinned-conda", "unpinned-cuda") == []
    text = forge("python=3.12", "cuda-version=12.6", "cudatoolkit")
    assert [marked(text, finding) for finding in found(text, "unpinned-conda")] == ["cudatoolkit"]
    text = forge("python=3.12", "cuda-version>=12", "cuda-nvcc")
    assert [marked(text, finding) for finding in found(text, "unpinned-conda")] == ["cuda-nvcc"]
    text = old("python=3.9", "cudatoolkit=10.2", pip=("torch==1.8.1+cu111",))
    assert [finding.rule for finding in found(text, "gpu")] == ["cuda-conflict"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (torch("pytorch=2.4"), "write 'pytorch-cuda=X.Y' or 'pytorch=2.4.*=*cuda*'"),
        (torch("pytorch"), "write 'pytorch-cuda=X.Y' or 'pytorch=*=*cuda*'"),
        (torch("pytorch=1.12"), "write 'cudatoolkit=X.Y' or 'pytorch=1.12.*=*cuda*'"),
        (torch("pytorch==1.1.0"), "write 'cudatoolkit=X.Y' or 'pytorch=1.1.0=*cuda*'"),
        (forge("pytorch=2.4"), "write 'pytorch-gpu' or 'pytorch=2.4.*=*cuda*'"),
        (torch("tensorflow"), "write 'tensorflow-gpu' or 'tensorflow=*=*cuda*'"),
        (forge("cudnn", "onnxruntime"), "write 'onnxruntime=*=*cuda*'"),
    ],
)
def test_the_advice_fits_the_channel_of_the_package(text: str, advice: str) -> None:
    (finding,) = found(text, "gpu-variant-unspecified")
    assert finding.help == f"{advice} (with '*cpu*' for the CPU build)"


def test_pytorch_cuda_does_not_select_the_build_of_another_framework() -> None:
    (finding,) = found(torch("pytorch", "pytorch-cuda=12.4", "tensorflow"), "gpu-variant-unspecified")
    assert finding.message == (
        "'tensorflow' may be a CUDA or a CPU build: without a visible driver it is a CPU build"
    )


def test_what_the_lock_knows_is_written_for_cuda_and_collectives(tmp_path: Path) -> None:
    from tests.lint.test_lock import LOCK

    (tmp_path / "conda-lock.yml").write_text(
        LOCK.replace("name: tzdata", "name: nccl").replace("'2026c'", "'2.27.7'")
    )
    path = tmp_path / "environment.yml"
    path.write_text(forge("cuda-version", "nccl  # collectives"))
    lint.fix_path(
        path, lint.select(Config(), ("unpinned-cuda", "unpinned-collective")), Config(), unsafe=True
    )
    assert path.read_text() == forge("cuda-version=12.6", "nccl=2.27  # collectives")


@pytest.mark.parametrize(
    ("channels", "entries", "words"),
    [
        (TORCH, ("pytorch=1.13", "cudatoolkit=11.8"), "since 1.13, only 'pytorch-cuda' selects"),
        (TORCH, ("pytorch=2.0", "cudatoolkit=11.8"), "since 1.13, only 'pytorch-cuda' selects"),
        (TORCH, ("pytorch", "cudatoolkit=11.3"), "since 1.13, only 'pytorch-cuda' selects"),
        (OLD, ("pytorch>=1.8", "cudatoolkit=11.3"), "since 1.13, only 'pytorch-cuda' selects"),
        (OLD, ("pytorch=1.12", "pytorch-cuda=11.6"), "before 1.13, 'cudatoolkit' selects"),
        (OLD, ("pytorch=1.12", "cuda92"), "before 1.13, 'cudatoolkit' selects"),
        (TORCH, ("pytorch", "pytorch-cuda=11.7"), "pytorch 2.5, the newest that the file allows"),
        (
            TORCH,
            ("pytorch", "python=3.8", "pytorch-cuda=11.7"),
            "pytorch 2.4, the newest that the file allows",
        ),
    ],
)
def test_an_entry_that_does_not_select_the_cuda_build_is_an_error(
    channels: str, entries: tuple[str, ...], words: str
) -> None:
    (finding,) = found(of(*entries, head=channels), "gpu-variant-unspecified", "torch-family-mismatch")
    assert (finding.rule, finding.severity) == ("gpu-variant-unspecified", "error")
    assert words in finding.message


def test_the_selector_of_the_release_takes_the_place_of_another() -> None:
    text = torch("pytorch=2.0", "cudatoolkit=11.8  # the cluster's")
    after = fixed(text, "gpu-variant-unspecified").text
    assert after == torch("pytorch=2.0", "pytorch-cuda=11.8  # the cluster's")
    assert found(after, "gpu") == []
    # 1.13 was not built for CUDA 11.8
    assert fixed(torch("pytorch=1.13", "cudatoolkit=11.8"), "gpu-variant-unspecified").done == ()


def test_pytorch_cuda_has_no_effect_on_a_release_that_its_channel_lacks() -> None:
    (finding,) = found(torch("pytorch=2.8", "pytorch-cuda=12.4"), "pytorch-cuda-without-channel")
    assert "has no effect on 'pytorch=2.8'" in finding.message


def test_pips_torch_is_removed_only_with_its_companions() -> None:
    alone = forge("pytorch=2.4", "pip", pip=("torch", "torchvision==0.19.0", "requests==2.32.3"))
    assert fixed(alone, "split-torch").text == alone
    both = forge("pytorch=2.4", "torchvision=0.19", "pip", pip=("torch", "torchvision", "requests==2.32.3"))
    assert fixed(both, "split-torch").text == forge(
        "pytorch=2.4", "torchvision=0.19", "pip", pip=("requests==2.32.3",)
    )
