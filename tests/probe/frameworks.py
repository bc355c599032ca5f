"""Stand-ins of PyTorch, put into a real virtual environment: sound ones, and ones that crash, hang or lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TORCH = '''
"""The parts of PyTorch that the probe uses, on lists; results on a GPU are wrong if WRONG is set."""
import types

__version__ = "9.9"
CUDA, GPUS, ARCHES, CAPABILITY, WRONG = {cuda!r}, {gpus!r}, {arches!r}, {capability!r}, {wrong!r}


class Tensor:
    def __init__(self, values, device, requires_grad=False):
        self.values, self.device, self.grad = values, device, None

    def __matmul__(self, other):
        columns = list(zip(*other.values))
        product = [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in self.values]
        if WRONG and self.device != "cpu":
            product[0][0] += 1
        result = Tensor(product, self.device)
        result.left, result.right = self, other
        return result

    def sum(self):
        return self

    def backward(self):
        gradient = [[sum(row) for row in self.right.values]] * len(self.left.values)
        self.left.grad = Tensor(gradient, self.device)

    def detach(self):
        return self

    cpu = detach

    def tolist(self):
        return self.values

    def __getitem__(self, index):
        return Tensor(self.values[index[0]][index[1]], self.device)


def tensor(values, device="cpu", requires_grad=False):
    return Tensor(values, device)


def conv2d(image, stencil):
    (image,), (stencil,) = image.values[0], stencil.values[0]
    cells = [(i, j) for i in range(3) for j in range(3)]
    size = range(len(image) - 2)
    found = [[sum(image[y + i][x + j] * stencil[i][j] for i, j in cells) for x in size] for y in size]
    return Tensor([[found]], "")


def init():
    raise RuntimeError("no CUDA-capable device is detected")


version = types.SimpleNamespace(cuda=CUDA)
cuda = types.SimpleNamespace(
    is_available=lambda: bool(GPUS), device_count=lambda: GPUS, init=init, synchronize=lambda device: None,
    get_device_capability=lambda index: CAPABILITY, get_arch_list=lambda: ARCHES, set_device=lambda device: None,
    nccl=types.SimpleNamespace(version=lambda: (2, 21, 5)),
)
backends = types.SimpleNamespace(cudnn=types.SimpleNamespace(is_available=lambda: True, version=lambda: 90100))
nn = types.SimpleNamespace(functional=types.SimpleNamespace(conv2d=conv2d))
'''
DISTRIBUTED = '''
"""One rank, whose sum is what it has."""
is_available = lambda: True
FileStore = lambda path, size: path
init_process_group = lambda backend, store, rank, world_size: None
all_reduce = lambda tensor: None
destroy_process_group = lambda: None
'''
SOUND: dict[str, object] = {
    "cuda": "12.4",
    "gpus": 1,
    "arches": ["sm_80", "sm_90"],
    "capability": (9, 0),
    "wrong": False,
}


def interpreter(folder: Path) -> Path:
    """Make an environment with nothing in it, and return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


def put(python: Path, name: str, source: str) -> None:
    """Put a package into its site-packages, in place of what has its name."""
    site = next(python.parents[1].glob("lib/python3.*/site-packages"))
    (site / name).mkdir(exist_ok=True)
    (site / name / "__init__.py").write_text(source)


def put_torch(python: Path, **changes: object) -> None:
    """Put in the stand-in of PyTorch, with what is other than :data:`SOUND`."""
    put(python, "torch", TORCH.format(**{**SOUND, **changes}))
    site = next(python.parents[1].glob("lib/python3.*/site-packages"))
    (site / "torch" / "distributed.py").write_text(DISTRIBUTED)
