"""A match spec that is read without the solver means what it means to the solver: over all of the real channels."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler import BuildString, MatchSpec, PackageRecord
from rattler.exceptions import InvalidMatchSpecError, InvalidVersionError
from tests.support.corpus import find_corpus
from tests.support.repodata import repodata

from conda_lockstep.conda.matching import read
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError

PARTS = st.sampled_from(
    [
        *" =,|*.<>!~",
        "1",
        "12",
        "0",
        "a",
        "rc1",
        ">=",
        "==",
        "!=",
        "~=",
        ".*",
        "=1.2",
        " 3.1",
        " *_cp3",
        "=py_0",
        "_",
        "-",
    ]
)
VERSIONS = (
    "1",
    "1.0",
    "1.2",
    "1.2.1",
    "1.2rc1",
    "1.12",
    "3.1",
    "3.1.1",
    "12",
    "0",
    "1!1.2",
    "1.2+cu1",
    "1.2.post1",
)
BUILDS = ("0", "py_0", "py3_0", "h1_cp3")


def _differences(spec: str, packages: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    pattern, theirs = read(spec), MatchSpec(spec)
    name = theirs.name.normalized
    assert pattern and pattern.name == name
    assert _canonical(MatchSpec(str(pattern))) == _canonical(theirs)
    assert read(str(pattern)) == pattern
    return [
        (spec, version, build)
        for version, build in packages
        if pattern.matches(version, build)
        != theirs.matches(PackageRecord(name, version, BuildString(build), 0, "noarch"))
    ]


def _canonical(spec: MatchSpec) -> str:
    """Without a build and a version that admit all."""
    return spec.to_canonical_string().replace(',build="*"', "").replace('[version="*"]', "")


def test_all_that_real_packages_ask_for_is_matched_as_rattler_matches_it(channel_data):
    held, specs = defaultdict(set), set()
    for record in repodata(channel_data):
        held[record["name"]].add((record["version"], record["build"]))
        specs.update((*record.get("depends", ()), *record.get("constrains", ())))
    others = sorted({package for packages in held.values() for package in packages})
    chance, wrong, unread = random.Random(3), [], []
    for spec in sorted(specs):
        if (pattern := read(spec)) is None:
            unread.append(spec)
            continue
        own = sorted(held.get(pattern.name, ()))
        wrong += _differences(spec, chance.sample(own, min(len(own), 12)) + chance.sample(others, 4))
    assert not wrong
    assert len(specs) > (14_000 if find_corpus() else 2_000)
    assert len(unread) <= len(specs) // 500, unread


def test_nearly_all_that_people_write_is_read(corpus):
    entries = set()
    for file in sorted((corpus / "environments").iterdir()):
        try:
            entries |= {
                item.value for item in parse(file.read_text(), file.name).conda_items if item.kind == "string"
            }
        except LockstepError:
            continue
    wrong, unread = [], set()
    for entry in entries:
        if "::" in entry or "[" in entry:
            continue
        if read(entry) is None:
            unread.add(entry)
        else:
            wrong += _differences(entry, [(version, build) for version in VERSIONS for build in BUILDS])
    assert not wrong
    assert len(entries) > 1000
    assert len(unread) <= len(entries) // 40


@settings(max_examples=1500, deadline=None)
@given(st.lists(PARTS, max_size=7).map("".join))
def test_whatever_is_read_means_the_same_to_rattler(tail):
    spec = f"numpy{tail}"
    if read(spec) is None:
        return
    try:
        assert not _differences(spec, [(version, build) for version in VERSIONS for build in BUILDS])
    except (InvalidMatchSpecError, InvalidVersionError) as error:
        raise AssertionError(f"rattler refuses '{spec}'") from error


@pytest.mark.parametrize(
    "spec",
    [
        "numpy[md5=0123456789abcdef0123456789abcdef]", "numpy[build_number='>2']", "conda-forge::numpy",
        "numpy (>=1,<2)|3", "numpy ^1.*$", "numpy >=1 mkl|openblas", "numpy >=", "numpy ==", "numpy 1 2 3", "",
        "numpy @ file:x", "numpy 1 py**",
    ],
)  # fmt: skip
def test_what_is_out_of_the_common_is_left_to_rattler(spec):
    assert read(spec) is None
