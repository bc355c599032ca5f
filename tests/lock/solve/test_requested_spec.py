"""Entries that are no packages end in one line with their place."""

from __future__ import annotations

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.solve.requested_spec import requested_specs


def _names(text: str) -> list[str]:
    return [entry.name for entry in requested_specs(parse(text, "e.yml"), Mirrors({}, TRUSTED))]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "rust =>1.65.0",
            "e.yml:2:10: 'rust =>1.65.0' is not a match spec: '=>' is not an operator; write '>='",
        ),
        ("torchvision -c pytorch", "'torchvision -c pytorch' is not a match spec"),
        ("numpy=", "e.yml:2:10: 'numpy=' is not a match spec: no version follows '='"),
        ("python: 3.10", "e.yml:2:5: 'python: 3.10' is a mapping, not a package; write 'python=3.10'"),
        ("sel(linux): gdb", "e.yml:2:5: 'sel(linux): gdb' is a selector that only micromamba knows"),
        ("", "e.yml:2:4: this is not a package"),
        ("3.10", "e.yml:2:5: this is not a package; write a package name, or delete the line"),
        ("'@foo'", "'@foo' is not a match spec"),
        ("pip: numpy", "e.yml:2:5: 'pip:' must hold a list"),
        ("$NOT_SET_HERE/chan::numpy", "e.yml:2:5: the environment variable NOT_SET_HERE is not set"),
        ("https://u:secret@h/c::numpy=>1", "'https://h/c::numpy=>1' is not a match spec"),
    ],
)
def test_what_is_no_package_is_refused_with_its_place(entry, message):
    with pytest.raises(LockstepError) as caught:
        _names(f"dependencies:\n  - {entry}\n")
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["name: x\n", "dependencies:\n", "dependencies: []\n", "dependencies: numpy\n"]
)
def test_a_file_that_asks_for_nothing_is_refused(text):
    with pytest.raises(LockstepError, match="no dependencies to lock"):
        _names(text)


def test_a_pip_list_wants_pip_as_conda_does():
    assert _names("dependencies: [python, {pip: [six]}]\n") == ["python", "pip"]
    assert _names("dependencies: [python, pip=24, {pip: [six]}]\n") == ["python", "pip"]
    assert _names("dependencies: [python]\n") == ["python"]


@pytest.mark.parametrize(
    "spelling", ["numpy >=1.2,<2", "numpy>=1.2,<2", "NumPy>=1.2, <2", "numpy[version='>=1.2,<2']"]
)
def test_spellings_of_one_wish_are_equal(spelling):
    (entry,) = requested_specs(parse(f'dependencies: ["{spelling}"]\n', "e.yml"), Mirrors({}, TRUSTED))
    assert (entry.name, entry.spec) == ("numpy", 'numpy[version=">=1.2,<2"]')
