"""What a rule needs spares it the files that it has nothing for, and hides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.environment.entries import Trait, read_entries
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import rules
from tests.support.corpus import environment_files

CONFIG = Config(
    machines=(DeclaredMachine("old", "linux-64", driver="450.80.02"),),
    pin_precision={"scipy": "patch", "zlib": "major"},
)
ODD = [
    'dependencies:\n  - "\\x7b\\x7b a \\x7d\\x7d"\n',
    "dependencies:\n  - ? {a: b}\n    : c\n",
    "dependencies:\n  - sel(linux): a\n",
    "dependencies: &a\n  - numpy\nchannels: *a\n",
    "channels: [1, {a: b}]\ndependencies: [[a], 2, null]\nplatforms: [3]\n",
    "dependencies:\n  - -e .\n  - torch.whl\n  - -x\n",
    "dependencies:\n  - pip: [1, 'a=1']\n  - pip: null\n",
    "dependencies: text\nvariables: {A: 1}\n",
]


def texts() -> list[str]:
    """Return odd texts, the cases of the manual, and the corpus where it is on this machine."""
    files = environment_files("environments", "odd")
    return [*ODD, *(path.read_bytes().decode("utf-8", "replace") for path in files)]


def test_a_rule_says_nothing_of_a_file_that_lacks_what_it_needs() -> None:
    needy = [rule for rule in rules() if rule.requires]
    spared = {rule.name: 0 for rule in needy}
    for text in texts():
        try:
            entries = read_entries(parse(text, str(Path("nowhere", "environment.yml"))))
        except LockstepError:
            continue
        for rule in needy:
            if not rule.requires <= entries.traits:
                spared[rule.name] += 1
                assert not list(rule.check(entries, CONFIG)), rule.name
    assert len(needy) > 30
    assert all(spared.values())


@pytest.mark.parametrize(
    ("entry", "traits"),
    [
        ("numpy", {"unversioned"}),
        ("numpy=*", {"unversioned", "glob", "odd"}),
        ("numpy=1.21", {"versioned"}),
        ("numpy==1.21", {"versioned", "exact"}),
        ("numpy 1.21", {"versioned", "exact", "odd"}),
        ("numpy>=1,<2", {"versioned", "range"}),
        ("numpy=1.21.*", {"versioned", "glob"}),
        ("numpy~=1.21", {"versioned", "compatible", "odd"}),
        ("numpy=1.21=py39_0", {"versioned", "exact", "build"}),
        ("conda-forge::numpy", {"unversioned", "channel", "odd"}),
        ("defaults:numpy", {"unversioned", "namespace", "odd"}),
        ("numpy[version='==1.21']", {"versioned", "exact", "odd"}),
        ("numpy=>1", {"bad"}),
        ("3.10", {"non-text"}),
        ("a: b", {"mapping", "placeholder", "selector"}),
        ("pip: [numpy]", {"pip-section", "pip"}),
        ("pip: [-e .]", {"pip-section", "pip", "special"}),
        ("pip: [torch==1+cu118]", {"pip-section", "pip", "local-version", "torch"}),
        ("numpy  # see https://example.com", {"unversioned", "address"}),
        ("numpy  # [linux]", {"unversioned", "selector"}),
        ("${NUMPY}", {"bad", "placeholder"}),
    ],
)
def test_a_file_has_the_traits_of_what_is_in_it(entry: str, traits: set[Trait]) -> None:
    entries = read_entries(parse(f"dependencies:\n  - {entry}\n", "environment.yml"))
    assert entries.traits == traits


def test_a_package_that_stands_twice_is_a_trait() -> None:
    assert "repeated" in read_entries(parse("dependencies: [numpy, NumPy=1]\n", "e.yml")).traits
    assert "repeated" not in read_entries(parse("dependencies: [numpy, scipy]\n", "e.yml")).traits


def test_entries_are_found_by_name_and_by_trait_in_the_order_of_the_file() -> None:
    text = "dependencies: [b=1, &x a, c==2, A=1, *x, pip: [t, u==1, t==2]]\n"
    entries = read_entries(parse(text, "e.yml"))
    assert [entry.item.value for entry in entries.named("a", "b", "z")] == ["b=1", "a", "A=1", "a"]
    assert [entry.item.value for entry in entries.having("versioned")] == ["b=1", "c==2", "A=1"]
    assert [entry.item.value for entry in entries.having("build")] == []
    assert [entry.item.value for entry in entries.pip_named("t", "u")] == ["t", "u==1", "t==2"]
    assert [entry.item.value for entry in entries.pip_named("t")] == ["t", "t==2"]
    assert entries.pip_named("z") == ()
