"""Two packages that install one Python module: the table, and what is found in an environment."""

from __future__ import annotations

import pytest
from scripts import build_modules

from conda_lockstep.conda.shared_modules import modules_of
from conda_lockstep.data import table
from conda_lockstep.lock.check.pip_edges import pip_faults
from conda_lockstep.lock.model.module_clash import module_clashes
from conda_lockstep.packages import Package, PackageSet

FORGE = "https://conda.anaconda.org/conda-forge"


def packages(conda: str, pip: str) -> list[Package]:
    return [
        *(
            Package("conda", name, "1.0", "py312_0", "linux-64", FORGE, depends=("python",))
            for name in conda.split()
        ),
        *(Package("pip", name, "1.0") for name in pip.split()),
    ]


@pytest.mark.parametrize(
    ("conda", "pip", "expected"),
    [
        # GPU and CPU builds of a project are different bytes under one name
        ("", "onnxruntime onnxruntime-gpu", ["onnxruntime: pip onnxruntime, pip onnxruntime-gpu"]),
        ("tensorflow", "tensorflow-cpu", ["tensorflow: conda tensorflow, pip tensorflow-cpu"]),
        ("faiss-gpu", "faiss-cpu", ["faiss: conda faiss-gpu, pip faiss-cpu"]),
        ("cupy", "cupy-cuda11x", []),
        ("", "cupy-cuda11x cupy-cuda12x", ["cupy: pip cupy-cuda11x, pip cupy-cuda12x"]),
        ("", "opencv-python opencv-python-headless", ["cv2: pip opencv-python, pip opencv-python-headless"]),
        ("", "opencv-contrib-python opencv-python opencv-python-headless",
         ["cv2: pip opencv-contrib-python, pip opencv-python",
          "cv2: pip opencv-contrib-python, pip opencv-python-headless"]),
        ("", "psycopg2 psycopg2-binary", ["psycopg2: pip psycopg2, pip psycopg2-binary"]),
        ("py-xgboost", "xgboost-cpu", ["xgboost: conda py-xgboost, pip xgboost-cpu"]),
        # Names are compared as PEP 503 normalizes them
        ("", "PyJWT jwt", ["jwt: pip PyJWT, pip jwt"]),
        # The same project in both managers is reported as such
        ("py-opencv", "opencv-python-headless", []),
        ("onnxruntime", "onnxruntime", []),
        # conda-forge builds both variants under one name
        ("onnxruntime", "onnxruntime-gpu", []),
        # Conda answers for what two of its own packages install
        ("py-opencv libopencv opencv", "", []),
        ("numpy", "torch requests", []),
        ("", "", []),
    ],
)  # fmt: skip
def test_what_installs_one_module(conda: str, pip: str, expected: list[str]) -> None:
    found = module_clashes(packages(conda, pip))
    assert [
        f"{each.module}: {each.other.manager} {each.other.name}, {each.pip.manager} {each.pip.name}"
        for each in found
    ] == expected


@pytest.mark.parametrize(("conda", "pip"), [("python faiss-gpu", "faiss-cpu"), ("python", "jwt pyjwt")])
def test_a_lock_with_such_a_pair_fails_its_check(conda: str, pip: str) -> None:
    (reason,) = pip_faults(PackageSet.of(packages(conda, pip)), "linux-64")
    assert "both install the module '" in reason
    assert reason.endswith("in the lock for linux-64")


def test_each_module_of_the_table_has_several_projects_that_were_looked_at() -> None:
    rows = table("modules")
    assert [module for module, _ in rows] == sorted({module for module, _ in rows})
    for _, projects in rows:
        assert len(set(projects.split())) > 1
        assert set(projects.split()) <= set(build_modules.CANDIDATES)


def test_modules_are_read_from_the_files_of_a_wheel() -> None:
    files = ["cv2/__init__.py", "cv2/data/__init__.py", "single.py", "native.cpython-312-x86_64-linux-gnu.so",
             "a-1.0.dist-info/RECORD", "a.libs/libz.so.1", "tests/__init__.py", "data/table.txt"]  # fmt: skip
    assert list(build_modules._modules(files)) == ["cv2", "single", "native"]


def test_a_project_that_shares_nothing_has_no_module_in_the_table() -> None:
    assert modules_of("numpy") == ()
    assert modules_of("opencv-python-headless") == ("cv2",)
