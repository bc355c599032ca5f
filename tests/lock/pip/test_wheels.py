"""Which wheel fits a machine that is not this one."""

from __future__ import annotations

import pytest
from packaging.tags import sys_tags

from conda_lockstep.lock.model.virtual_packages import VirtualPackage, virtual_packages
from conda_lockstep.lock.pip.wheels import WheelTarget, best

PURE = "a-1-py3-none-any.whl"
X86_2014 = "a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
X86_228 = "a-1-cp312-cp312-manylinux_2_28_x86_64.whl"
X86_234 = "a-1-cp312-cp312-manylinux_2_34_x86_64.whl"
ARM_228 = "a-1-cp312-cp312-manylinux_2_28_aarch64.whl"
MUSL = "a-1-cp312-cp312-musllinux_1_2_x86_64.whl"
ABI3 = "a-1-cp39-abi3-manylinux_2_17_x86_64.whl"
MAC11 = "a-1-cp312-cp312-macosx_11_0_arm64.whl"
MAC14 = "a-1-cp312-cp312-macosx_14_0_arm64.whl"
WINDOWS = "a-1-cp312-cp312-win_amd64.whl"
ALL = (PURE, X86_2014, X86_228, X86_234, ARM_228, MUSL, ABI3, MAC11, MAC14, WINDOWS)


@pytest.mark.parametrize(
    ("platform", "python", "expected"),
    [
        ("linux-64", "3.12.7", X86_228),
        ("linux-aarch64", "3.12.7", ARM_228),
        ("osx-arm64", "3.12.7", MAC11),
        ("win-64", "3.12.7", WINDOWS),
        ("linux-64", "3.13.1", ABI3),
        ("linux-64", "3.8.20", PURE),
        ("osx-64", "3.12.7", PURE),
    ],
)
def test_the_wheel_that_fits_best_is_chosen(platform, python, expected):
    assert best(ALL, WheelTarget(python, platform, virtual_packages(platform))) == expected


def test_the_machines_glibc_decides():
    older = (VirtualPackage("__glibc", "2.17"),)
    newer = (VirtualPackage("__glibc", "2.35"),)
    assert best(ALL, WheelTarget("3.12.7", "linux-64", older)) == X86_2014
    assert best(ALL, WheelTarget("3.12.7", "linux-64", newer)) == X86_234
    assert WheelTarget("3.12.7", "linux-64", newer).uv_platform == "x86_64-manylinux_2_35"
    assert WheelTarget("3.12.7", "linux-64", older).uv_platform == "x86_64-manylinux_2_17"


def test_nothing_is_chosen_where_nothing_fits():
    assert (
        best(
            [MUSL, ARM_228, "odd.whl", "a-1.tar.gz"],
            WheelTarget("3.12.7", "linux-64", virtual_packages("linux-64")),
        )
        is None
    )


def test_of_equal_wheels_the_higher_build_number_wins():
    names = ["a-1-1-py3-none-any.whl", "a-1-2-py3-none-any.whl", "a-1-py3-none-any.whl"]
    assert best(names, WheelTarget("3.12.7", "linux-64", virtual_packages("linux-64"))) == names[1]


def test_every_tag_of_a_target_is_one_that_a_real_interpreter_has():
    """On a Linux with glibc 2.28 or newer this very interpreter must accept all that we would choose."""
    import platform
    import sys

    if not (sys.platform == "linux" and platform.machine() == "x86_64"):
        pytest.skip("compares with a linux-64 interpreter")
    target = WheelTarget(platform.python_version(), "linux-64", virtual_packages("linux-64"))
    assert set(target.tags) <= set(sys_tags())
