"""Builds the table of modules that several PyPI projects install, from the wheels of their newest releases.

Usage: python scripts/build_modules.py --date YYYY-MM-DD [--index URL]

A module is listed with each candidate whose wheel holds it. Source: the JSON API of PyPI
(https://docs.pypi.org/api/json/) and the names of the files in the wheels (https://peps.python.org/pep-0427/).
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import urllib.error
import urllib.request
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

TABLE = Path(__file__).parents[1] / "src" / "conda_lockstep" / "data" / "modules.txt"

CANDIDATES = """
bitsandbytes bitsandbytes-cuda112 bitsandbytes-cuda117
cudf-cu11 cudf-cu12 cuml-cu11 cuml-cu12 cugraph-cu11 cugraph-cu12 rmm-cu11 rmm-cu12 pylibraft-cu11 pylibraft-cu12
cupy cupy-cuda102 cupy-cuda110 cupy-cuda111 cupy-cuda11x cupy-cuda12x cupy-cuda13x cupy-rocm-5-0
decord eva-decord
dgl dgl-cu102 dgl-cu110 dgl-cu111
docx python-docx
faiss faiss-cpu faiss-gpu faiss-gpu-cu11 faiss-gpu-cu12
fitz pymupdf
horovod
intel-tensorflow tensorflow tensorflow-cpu tensorflow-gpu tensorflow-intel tensorflow-macos tensorflow-rocm tf-nightly
jose python-jose
jwt pyjwt
keras keras-nightly tf-keras tf-keras-nightly
magic filemagic python-magic python-magic-bin
mmcv mmcv-full mmcv-lite
mxnet mxnet-cu101 mxnet-cu102 mxnet-cu110 mxnet-cu112 mxnet-mkl
mysql-python mysqlclient
nvidia-ml-py nvidia-ml-py3 pynvml
nvidia-tensorrt tensorrt
onnxruntime onnxruntime-directml onnxruntime-gpu onnxruntime-openvino onnxruntime-qnn onnxruntime-rocm
onnxruntime-training ort-nightly ort-nightly-gpu
opencv-contrib-python opencv-contrib-python-headless opencv-contrib-python-rolling opencv-python
opencv-python-headless opencv-python-rolling
paddlepaddle paddlepaddle-gpu
pillow pillow-simd
polars polars-lts-cpu polars-u64-idx
psycopg2 psycopg2-binary
pycocotools pycocotools-windows
pycrypto pycryptodome
pyserial serial
python-slugify slugify unicode-slugify
tb-nightly tensorboard tensorboard-nightly
torch torch-nightly
triton pytorch-triton pytorch-triton-rocm triton-nightly triton-windows
xgboost xgboost-cpu
""".split()
"""Projects that are known to come under several names. What they share is read from their wheels."""

HEADER = """\
# Modules that more than one PyPI project installs: side by side, one writes over the other's files. A row:
#   the module
#   the projects whose newest wheel holds it
# Built by scripts/build_modules.py from the wheels on https://pypi.org, as of {date}; do not edit.
"""

_NOT_SHARED = {
    "tests",
    "test",
    "docs",
    "examples",
    "benchmarks",
    "scripts",
    "build",
    "bin",
    "lib",
    "include",
    "share",
}
_TAIL = 1 << 23
"""The bytes that are read from the end of a wheel; the index of tensorflow's takes 3 MiB."""


def main(argv: Iterable[str]) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--date", required=True, help="the day of the wheels, such as 2026-12-01")
    parser.add_argument("--index", default="https://pypi.org", help="the index whose JSON API is read")
    options = parser.parse_args(list(argv))
    with ThreadPoolExecutor(3) as pool:
        read = pool.map(lambda name: sorted(modules_of(name, options.index)), CANDIDATES)
        found = dict(zip(CANDIDATES, read, strict=True))
    holders: dict[str, set[str]] = defaultdict(set)
    for project, modules in found.items():
        if not modules:
            print(f"{project}: no wheel", file=sys.stderr)
        for module in modules:
            holders[module].add(project)
    rows = [(module, " ".join(sorted(names))) for module, names in sorted(holders.items()) if len(names) > 1]
    width = max(len(module) for module, _ in rows)
    text = "".join(f"{module:{width}}  {names}\n" for module, names in rows)
    TABLE.write_text(HEADER.format(date=options.date) + text, encoding="utf-8")
    return 0


def modules_of(project: str, index: str) -> set[str]:
    """Return the top-level modules in the newest wheel of a project; none where it has no wheel."""
    try:
        with urllib.request.urlopen(f"{index}/pypi/{project}/json", timeout=60) as answer:
            files, base = json.load(answer)["urls"], answer.url
    except urllib.error.HTTPError:
        return set()
    wheels = [file for file in files if file["packagetype"] == "bdist_wheel"]
    if not wheels:
        return set()
    wheel = min(wheels, key=lambda file: ("linux" not in file["filename"], file["size"]))
    return set(_modules(_names(urljoin(base, wheel["url"]))))


def _names(url: str) -> list[str]:
    """Return the names of a wheel's files: their index is at its end, and an archive may begin anywhere."""
    request = urllib.request.Request(url, headers={"Range": f"bytes=-{_TAIL}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        part = re.fullmatch(r"bytes (\d+)-.*", answer.headers.get("Content-Range") or "")
        tail = answer.read()
    # The offsets of the index count from the start of the file.
    with zipfile.ZipFile(io.BytesIO(bytes(int(part[1]) if part else 0) + tail)) as archive:
        return archive.namelist()


def _modules(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        top, _, rest = name.partition("/")
        if rest in {"__init__.py", "__init__.pyc"} and top.isidentifier() and top not in _NOT_SHARED:
            yield top
        elif not rest and (match := re.fullmatch(r"([A-Za-z]\w*)(\.py|\..*\.(?:so|pyd))", name)):
            yield match[1]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
