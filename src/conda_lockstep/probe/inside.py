"""The script that the probe runs inside an environment: one step for one framework; it writes its answer as JSON.

    python inside.py STEP FRAMEWORK ANSWER-FILE CONTEXT

One file that uses the standard library only, since it runs in an interpreter without this package, Python 3.7 or
newer. The numbers are small integers, so that every correct result is exact, even in TF32.

Of an adapter, ``built_for`` is the CUDA version of the framework (empty for a CPU build). ``insist`` raises the error
that keeps it from the GPU. ``multiply`` returns a product and the gradient of its sum for the left factor. ``convolve``
and ``reduce`` (an all_reduce of one rank) return a result and the library that computed it. ``architectures`` returns
the compiled architectures and the capability of each GPU.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Matrix = list[list[float]]
    Answer = dict[str, Any]

_SIZE = 48
_LEFT = [[float((3 * i + 5 * j) % 7 - 3) for j in range(_SIZE)] for i in range(_SIZE)]
_RIGHT = [[float((2 * i + 7 * j) % 5 - 2) for j in range(_SIZE)] for i in range(_SIZE)]
_IMAGE = [[float((i * 3 + j * j) % 9 - 4) for j in range(16)] for i in range(16)]
_STENCIL = [[1.0, 2.0, -1.0], [0.0, 3.0, 1.0], [-2.0, 1.0, 1.0]]


class FailedError(Exception):
    """The step found a problem."""


class NotShownError(Exception):
    """The step cannot run on this machine, or with this framework; no problem is known."""


class Torch:
    """PyTorch."""

    def __init__(self) -> None:
        self.module = importlib.import_module("torch")

    def built_for(self) -> str:
        return self.module.version.cuda or ""

    def gpus(self) -> list[Any]:
        cuda = self.module.cuda
        return [f"cuda:{index}" for index in range(cuda.device_count())] if cuda.is_available() else []

    def insist(self) -> None:
        self.module.cuda.init()

    def cpu(self) -> Any:
        return "cpu"

    def multiply(self, device: Any) -> tuple[Matrix, Matrix]:
        left = self.module.tensor(_LEFT, device=device, requires_grad=True)
        product = left @ self.module.tensor(_RIGHT, device=device)
        product.sum().backward()
        if device != "cpu":
            self.module.cuda.synchronize(device)
        return product.detach().cpu().tolist(), left.grad.cpu().tolist()

    def convolve(self, device: Any) -> tuple[Matrix, str]:
        module, by = self.module, "the CPU"
        if device != "cpu":
            if not module.backends.cudnn.is_available():
                raise FailedError("cuDNN is not available to the framework")
            by = f"cuDNN {module.backends.cudnn.version()}"
        image = module.tensor([[_IMAGE]], device=device)
        stencil = module.tensor([[_STENCIL]], device=device)
        found = module.nn.functional.conv2d(image, stencil)
        return found[0, 0].cpu().tolist(), by

    def reduce(self, device: Any) -> tuple[list[float], str]:
        distributed = importlib.import_module("torch.distributed")
        if not distributed.is_available():
            raise FailedError("torch.distributed is not part of this build")
        backend = "gloo" if device == "cpu" else "nccl"
        if device != "cpu":
            self.module.cuda.set_device(device)
        with tempfile.TemporaryDirectory() as folder:
            store = distributed.FileStore(os.path.join(folder, "store"), 1)
            distributed.init_process_group(backend, store=store, rank=0, world_size=1)
            vector = self.module.tensor(_LEFT[0], device=device)
            distributed.all_reduce(vector)
            found = vector.cpu().tolist()
            version = ".".join(map(str, self.module.cuda.nccl.version())) if backend == "nccl" else ""
            distributed.destroy_process_group()
        return found, f"NCCL {version}" if version else backend

    def architectures(self) -> tuple[list[str], list[str]]:
        cuda = self.module.cuda
        devices = range(cuda.device_count()) if cuda.is_available() else ()
        return list(cuda.get_arch_list()), [
            "{}{}".format(*cuda.get_device_capability(each)) for each in devices
        ]


class Jax:
    """JAX; XLA compiles for the device at hand."""

    def __init__(self) -> None:
        self.module = importlib.import_module("jax")
        self.numpy = importlib.import_module("jax.numpy")

    def built_for(self) -> str:
        majors = (str(major) for major in range(15, 11, -1))
        return next((major for major in majors if importlib.util.find_spec(f"jax_cuda{major}_plugin")), "")

    def gpus(self) -> list[Any]:
        return [device for device in self.module.devices() if device.platform in ("gpu", "cuda", "rocm")]

    def insist(self) -> None:
        self.module.devices("gpu")

    def cpu(self) -> Any:
        return self.module.devices("cpu")[0]

    def multiply(self, device: Any) -> tuple[Matrix, Matrix]:
        right = self._on(_RIGHT, device)
        product = self.module.jit(lambda left: left @ right)
        gradient = self.module.grad(lambda left: product(left).sum())
        left = self._on(_LEFT, device)
        return product(left).tolist(), gradient(left).tolist()

    def convolve(self, device: Any) -> tuple[Matrix, str]:
        convolve = self.module.lax.conv_general_dilated
        found = convolve(self._on([[_IMAGE]], device), self._on([[_STENCIL]], device), (1, 1), "VALID")
        return found[0, 0].tolist(), "the CPU" if device.platform == "cpu" else "XLA"

    def reduce(self, device: Any) -> tuple[list[float], str]:
        add = functools.partial(self.module.lax.psum, axis_name="rank")
        found = self.module.pmap(add, axis_name="rank", devices=[device])(self.numpy.array([_LEFT[0]]))
        return found[0].tolist(), "the CPU" if device.platform == "cpu" else "NCCL"

    def architectures(self) -> tuple[list[str], list[str]]:
        raise NotShownError("XLA compiles for the GPU at hand")

    def _on(self, values: Any, device: Any) -> Any:
        return self.module.device_put(self.numpy.array(values), device)


class TensorFlow:
    """TensorFlow."""

    def __init__(self) -> None:
        self.module = importlib.import_module("tensorflow")

    def built_for(self) -> str:
        return str(self.module.sysconfig.get_build_info().get("cuda_version", ""))

    def gpus(self) -> list[Any]:
        return [f"/GPU:{index}" for index, _ in enumerate(self.module.config.list_physical_devices("GPU"))]

    def insist(self) -> None:
        pass  # TensorFlow reports the reason only in its log

    def cpu(self) -> Any:
        return "/CPU:0"

    def multiply(self, device: Any) -> tuple[Matrix, Matrix]:
        module = self.module
        with module.device(device):
            left = module.Variable(_LEFT)
            with module.GradientTape() as tape:
                product = module.matmul(left, module.constant(_RIGHT))
                total = module.reduce_sum(product)
            return product.numpy().tolist(), tape.gradient(total, left).numpy().tolist()

    def convolve(self, device: Any) -> tuple[Matrix, str]:
        module = self.module
        with module.device(device):
            image = module.reshape(module.constant(_IMAGE), (1, 16, 16, 1))
            stencil = module.reshape(module.constant(_STENCIL), (3, 3, 1, 1))
            found = module.reshape(module.nn.conv2d(image, stencil, 1, "VALID"), (14, 14))
        version = module.sysconfig.get_build_info().get("cudnn_version", "")
        return found.numpy().tolist(), "the CPU" if "CPU" in device else f"cuDNN {version}"

    def reduce(self, device: Any) -> tuple[list[float], str]:
        distribute = self.module.distribute
        on_cpu = "CPU" in device
        ops = distribute.ReductionToOneDevice() if on_cpu else distribute.NcclAllReduce()
        strategy = distribute.MirroredStrategy([device], cross_device_ops=ops)
        values = strategy.run(lambda: self.module.constant(_LEFT[0]))
        return strategy.reduce("SUM", values, axis=None).numpy().tolist(), "the CPU" if on_cpu else "NCCL"

    def architectures(self) -> tuple[list[str], list[str]]:
        names = self.module.sysconfig.get_build_info().get("cuda_compute_capabilities", [])
        details = self.module.config.experimental.get_device_details
        devices = self.module.config.list_physical_devices("GPU")
        return list(names), ["{}{}".format(*details(device)["compute_capability"]) for device in devices]


class CuPy:
    """CuPy, for GPUs only; it has neither cuDNN nor collectives that a training job would use."""

    def __init__(self) -> None:
        self.module = importlib.import_module("cupy")
        self.runtime = self.module.cuda.runtime

    def built_for(self) -> str:
        number = self.runtime.runtimeGetVersion()
        return f"{number // 1000}.{number % 1000 // 10}"

    def gpus(self) -> list[Any]:
        return list(range(self.runtime.getDeviceCount())) if self.module.is_available() else []

    def insist(self) -> None:
        self.runtime.getDeviceCount()

    def cpu(self) -> Any:
        raise NotShownError("CuPy runs on GPUs only")

    def multiply(self, device: Any) -> tuple[Matrix, Matrix]:
        array = self.module.array
        with self.module.cuda.Device(device):
            product = array(_LEFT) @ array(_RIGHT)
            gradient = self.module.ones((_SIZE, _SIZE)) @ array(_RIGHT).T
            self.module.cuda.Stream.null.synchronize()
            return product.tolist(), gradient.tolist()

    def convolve(self, device: Any) -> tuple[Matrix, str]:
        raise NotShownError("CuPy does not use cuDNN")

    def reduce(self, device: Any) -> tuple[list[float], str]:
        raise NotShownError("CuPy's collectives are not tested")

    def architectures(self) -> tuple[list[str], list[str]]:
        raise NotShownError("CuPy compiles for the GPU at hand")


_ADAPTERS: dict[str, Callable[[], Any]] = {"torch": Torch, "jax": Jax, "tensorflow": TensorFlow, "cupy": CuPy}


def describe(name: str, context: Answer) -> Answer:
    """Return the interpreter's version and the frameworks that it finds, without importing one."""
    version, found = sys.version.split()[0], [each for each in _ADAPTERS if importlib.util.find_spec(each)]
    return {
        "message": f"Python {version}",
        "facts": {"python": version, "prefix": sys.prefix, "frameworks": found},
    }


def load(name: str, context: Answer) -> Answer:
    """Import a framework, from this environment only."""
    module = _ADAPTERS[name]().module
    version, file = str(getattr(module, "__version__", "")), str(getattr(module, "__file__", "") or "")
    homes = tuple(os.path.join(os.path.realpath(each), "") for each in (sys.prefix, context["prefix"]))
    if not os.path.realpath(file).startswith(homes):
        raise FailedError(f"imported from {file}, outside the environment")
    return {"message": f"version {version}", "facts": {"version": version, "file": file}}


def cuda(name: str, context: Answer) -> Answer:
    """Compare the CUDA version that a framework was built for with the driver's."""
    framework = _ADAPTERS[name]()
    built, driver = framework.built_for(), context["cuda"]
    facts = {"built_for": built, "driver_supports": driver}
    if not built:
        if context["gpus"]:
            raise FailedError("a CPU build on a machine with a GPU")
        raise NotShownError("a CPU build")
    if not driver:
        raise NotShownError(f"built for CUDA {built}, but no NVIDIA driver was found")
    if int(built.split(".")[0]) > int(driver.split(".")[0]):
        raise FailedError(f"built for CUDA {built}, but the driver supports only CUDA {driver}")
    if not _gpus(framework, context):
        raise NotShownError("no GPU found")
    return {"message": f"built for CUDA {built}, the driver supports {driver}", "facts": facts}


def kernel(framework: Any, device: Any) -> str:
    """Multiply matrices and compute a gradient."""
    product, gradient = framework.multiply(device)
    _same("a matrix product", product, _product(_LEFT, _RIGHT))
    _same("a gradient", gradient, [[sum(row) for row in _RIGHT]] * _SIZE)
    return ""


def convolution(framework: Any, device: Any) -> str:
    """Convolve, with cuDNN if the framework uses it."""
    found, by = framework.convolve(device)
    _same("a convolution", found, _convolved(_IMAGE, _STENCIL))
    return str(by)


def collective(framework: Any, device: Any) -> str:
    """All-reduce with one rank: the result must equal the input."""
    found, by = framework.reduce(device)
    _same("an all_reduce", [found], [_LEFT[0]])
    return str(by)


def architecture(name: str, context: Answer) -> Answer:
    """Check that a framework has code for every GPU: for its major version and not newer, or PTX to compile."""
    built, capabilities = _ADAPTERS[name]().architectures()
    facts = {"built_for": built, "capabilities": capabilities}
    if not capabilities:
        raise NotShownError("no GPU found")
    for capability in capabilities:
        if not any(_runs_on(each, int(capability)) for each in built):
            raise FailedError(f"no code for compute capability {capability}, only for {' '.join(built)}")
    return {"message": f"has code for {', '.join(sorted(set(capabilities)))}", "facts": facts}


def _runs_on(built: str, capability: int) -> bool:
    """Whether code for ``sm_80``, ``sm_90a`` or PTX for ``compute_90`` runs on a device of a capability."""
    kind, _, number = built.partition("_")
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    if not digits.isdigit():
        return False
    if digits != number:
        return int(digits) == capability
    if kind == "compute":
        return int(digits) <= capability
    return int(digits) // 10 == capability // 10 and int(digits) <= capability


def _gpus(framework: Any, context: Answer) -> list[Any]:
    """Return the GPUs that a framework finds; fail if it finds none but the driver does."""
    found: list[Any] = framework.gpus()
    if context["gpus"] and not found:
        framework.insist()
        raise FailedError("the framework finds no GPU, but the machine has one")
    return found


def _compute(work: Callable[[Any, Any], str], name: str, context: Answer) -> Answer:
    """Do the work on every GPU, a collective on the first only; on the CPU if there is no GPU."""
    framework = _ADAPTERS[name]()
    gpus = _gpus(framework, context)
    devices = (gpus or [framework.cpu()])[: 1 if work is collective else None]
    by = [work(framework, device) for device in devices].pop()
    names = [str(device) for device in devices]
    where, library = ", ".join(names) if gpus else "the CPU", "" if by in ("", "the CPU") else f", with {by}"
    message = f"correct on {where}{library}"
    return {"message": message, "facts": {"devices": names, "by": by, "gpu": bool(gpus)}}


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right))
    return [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in left]


def _convolved(image: Matrix, stencil: Matrix) -> Matrix:
    cells = [(i, j) for i in range(3) for j in range(3)]
    return [
        [sum(image[y + i][x + j] * stencil[i][j] for i, j in cells) for x in range(len(image) - 2)]
        for y in range(len(image) - 2)
    ]


def _same(what: str, found: Matrix, expected: Matrix) -> None:
    if [list(map(float, row)) for row in found] != expected:
        pairs = (pair for rows in zip(found, expected) for pair in zip(*rows))
        first = next((f": {one} instead of {other}" for one, other in pairs if float(one) != other), "")
        raise FailedError(f"{what} is wrong{first}")


_STEPS: dict[str, Callable[[str, Answer], Answer]] = {
    "describe": describe,
    "import": load,
    "cuda": cuda,
    "kernel": functools.partial(_compute, kernel),
    "architecture": architecture,
    "convolution": functools.partial(_compute, convolution),
    "collective": functools.partial(_compute, collective),
}


def main(arguments: list[str]) -> None:
    """Run a step, and write its answer."""
    step, name, target, context = arguments
    try:
        answer = {"status": "passed", **_STEPS[step](name, json.loads(context))}
    except NotShownError as error:
        answer = {"status": "skipped", "message": str(error)}
    except FailedError as error:
        answer = {"status": "failed", "message": str(error)}
    except BaseException as error:  # whatever a framework raises is the answer
        import traceback

        traceback.print_exc()
        answer = {"status": "failed", "message": f"{type(error).__name__}: {error}"}
    with open(target, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    sys.stderr.flush()
    os._exit(0)  # errors while libraries are unloaded do not belong to the step


if __name__ == "__main__":
    main(sys.argv[1:])
