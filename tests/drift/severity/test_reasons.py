"""Each reason is true of the row it stands on: what it says is compared with the facts of the row."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drift.severity.base_locks import operand
from tests.drift.severity.test_class_mutations import TABLE, Mutation
from tests.drift.strategies import package_sets

from conda_lockstep.conda.build_variants import device_of, flavor, variants
from conda_lockstep.conda.version import compare as order
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.diff import ComparableFacts, diff
from conda_lockstep.drift.compare.origin import place
from conda_lockstep.drift.compare.rows import row_of
from conda_lockstep.drift.pip_source import checksum, is_source_archive, is_wheel
from conda_lockstep.drift.report import Row
from conda_lockstep.drift.severity.comparison_kind import ComparisonKind
from conda_lockstep.drift.severity.grading import judge
from conda_lockstep.drift.severity.layers import STACK, layer_named, step_of
from conda_lockstep.lock.check.entry_url import names_another
from conda_lockstep.packages import Package, PackageSet

Fact = Callable[["Facts"], bool]
KINDS: tuple[ComparisonKind, ...] = ("lock_to_lock", "lock_to_prefix", "prefix_to_prefix")


class Facts:
    """A row with what its reason may be about."""

    def __init__(self, row: Row, old: PackageSet, new: PackageSet, kind: ComparisonKind) -> None:
        self.row, self.old, self.new, self.kind = row, old, new, kind
        self.layer = layer_named(row.subject)

    @property
    def both(self) -> tuple[Package, Package]:
        assert self.row.old and self.row.new
        return self.row.old, self.row.new

    @property
    def direction(self) -> int:
        one, other = self.both
        return order(one.manager if one.manager == other.manager else "pip", one.version, other.version)

    @property
    def step(self) -> str:
        one, other = self.both
        return step_of(other.name, one.version, other.version)

    def has(self, name: str) -> bool:
        return name in self.row.classes

    def requirers(self, packages: PackageSet) -> set[str]:
        name = self.row.subject.lower()
        return {
            each.name
            for each in packages.values()
            if each.manager == self.row.manager
            for spec in each.depends
            if ";" not in spec
            and re.split(r"[\s<>=!~\[]", spec)[0].lower().replace("_", "-") == name.replace("_", "-")
        }


def newer(step: str) -> Fact:
    return lambda facts: facts.has("upgrade") and facts.direction > 0 and facts.step == step


def older(step: str) -> Fact:
    return lambda facts: facts.has("downgrade") and facts.direction < 0 and facts.step == step


def device(facts: Facts, side: int) -> str:
    """Return the device of a side as far as both sides tell: by its marks, its platform's default, its dependencies."""
    package, packages = facts.both[side], (facts.old, facts.new)[side]
    with_depends = all(each.depends for each in facts.both)
    known = variants(package, with_depends).get("device", "")
    return known or device_of(package, "linux-64", packages.keys())


def cuda(package: Package) -> str:
    return flavor(package.name)[1] or variants(package).get("cuda", "")


def of_layer(facts: Facts) -> bool:
    """The reason is that of the row's own layer, and about a version or a build of a grave severity."""
    return facts.layer is not None and not {"upgrade", "downgrade", "build"}.isdisjoint(facts.row.classes)


REASONS: tuple[tuple[str, Fact], ...] = (
    (r"(?:.*: )?a new major release may remove APIs that your code uses", newer("major")),
    (r"(?:.*: )?a new minor release may change defaults and results", newer("minor")),
    (r"(?:.*: )?a new patch release", newer("patch")),
    (r"(?:.*: )?an older major release lacks APIs .*", older("major")),
    (r"(?:.*: )?an older minor release lacks what .*", older("minor")),
    (r"(?:.*: )?an older patch release, .*", older("patch")),
    (r"this machine differs from the lock", lambda facts: facts.kind == "lock_to_prefix"),
    (r"the two machines differ", lambda facts: facts.kind == "prefix_to_prefix"),
    (r"it follows (?P<leader>.+)", lambda facts: bool(facts.row.follows)),
    (r"new( in the .* layer)?", lambda facts: facts.row.old is None),
    (r"installed, but not locked", lambda facts: facts.row.old is None and facts.kind == "lock_to_prefix"),
    (r"locked, but not installed", lambda facts: facts.row.new is None and facts.kind == "lock_to_prefix"),
    (
        r"only one of the two machines has it",
        lambda facts: (facts.row.old is None) != (facts.row.new is None),
    ),
    (
        r".* still requires it and will fail on import",
        lambda facts: (
            facts.row.why.partition(" ")[0] in {each.partition(" ")[0] for each in facts.requirers(facts.new)}
        ),
    ),
    (r"no longer required", lambda facts: facts.row.new is None and not facts.requirers(facts.new)),
    (
        r"no package required it, so it was requested directly.*",
        lambda facts: facts.row.new is None and not facts.requirers(facts.old) - {facts.row.subject},
    ),
    (
        r"the old side does not record what required it.*",
        lambda facts: not any(each.depends for each in facts.old.values()),
    ),
    (
        r"it replaces the driver's libcuda.*",
        lambda facts: facts.row.old is None and facts.row.subject.startswith("cuda-compat"),
    ),
    (r"a second (?P<library>[^:]+): .*", lambda facts: facts.has("duplicate") and facts.row.new is not None),
    (r"there is one copy of this library now", lambda facts: facts.has("duplicate")),
    (r"both managers own its files: .*", lambda facts: facts.has("shadowed")),
    (
        r"it no longer overwrites the other manager's files",
        lambda facts: facts.has("shadowed") and facts.row.new is None,
    ),
    (
        r"the same package has other contents: .*",
        lambda facts: (
            (
                facts.has("bytes")
                and facts.both[0].version == facts.both[1].version
                and facts.both[0].build in ("", facts.both[1].build)
            )
            or not facts.both[1].build
        ),
    ),
    (
        r"installers install what the URL names.*",
        lambda facts: facts.row.new is not None and bool(names_another(facts.row.new)),
    ),
    (
        r"its URL no longer names another package",
        lambda facts: facts.row.new is None or not names_another(facts.row.new),
    ),
    (r"the other manager builds it .*", lambda facts: facts.both[0].manager != facts.both[1].manager),
    (
        r"the same package: only its metadata, .*",
        lambda facts: facts.direction == 0 and facts.row.classes == ("metadata",),
    ),
    (r"its license changed: .*", lambda facts: facts.both[0].license != facts.both[1].license),
    (
        r"its new metadata rules out .*",
        lambda facts: (
            facts.both[0].depends != facts.both[1].depends
            or facts.both[0].constrains != facts.both[1].constrains
        ),
    ),
    (
        r"channels build with different compilers .*",
        lambda facts: facts.both[0].manager == "conda" and place(facts.both[0]) != place(facts.both[1]),
    ),
    (
        r"it comes from another source than before.*",
        lambda facts: place(facts.both[0]) != place(facts.both[1]),
    ),
    (r"it comes over HTTP without TLS.*", lambda facts: "http://" in facts.both[1].url),
    (
        r"the lock no longer records its hash: .*",
        lambda facts: bool(checksum(facts.both[0])) and not checksum(facts.both[1]),
    ),
    (
        r"only an MD5 hash checks it now.*",
        lambda facts: checksum(facts.both[0]) == "sha256" and checksum(facts.both[1]) == "md5",
    ),
    (
        r"a stronger hash checks it now",
        lambda facts: checksum(facts.both[1]) not in ("", checksum(facts.both[0])),
    ),
    (
        r"installers skip what is not in the category 'main'.*",
        lambda facts: not facts.both[0].category and bool(facts.both[1].category),
    ),
    (
        r"it is in the category 'main' now.*",
        lambda facts: bool(facts.both[0].category) and not facts.both[1].category,
    ),
    (
        r"it is in another category.*",
        lambda facts: bool(facts.both[0].category) and bool(facts.both[1].category),
    ),
    (
        r"a source distribution instead of a wheel.*",
        lambda facts: is_wheel(facts.both[0]) and is_source_archive(facts.both[1]),
    ),
    (
        r"a wheel instead of a source distribution.*",
        lambda facts: is_source_archive(facts.both[0]) and is_wheel(facts.both[1]),
    ),
    (r"rebuilt; it contains no compiled code", lambda facts: facts.both[1].subdir == "noarch"),
    (r"rebuilt, possibly against other libraries", lambda facts: facts.has("build") and facts.direction == 0),
    (r"rebuilt: .*", lambda facts: facts.has("build") and of_layer(facts)),
    (
        r"the same version in another build: .*",
        lambda facts: facts.has("build") and facts.direction == 0 and facts.kind != "lock_to_lock",
    ),
    (r"this library also works on the CPU.*", lambda facts: facts.layer is None and facts.has("variant")),
    (r"its build has no CUDA support now.*", lambda facts: device(facts, 1) != "cuda"),
    (
        r"the GPU build became a CPU build: .*",
        lambda facts: device(facts, 1) in ("cpu", "") and device(facts, 0) != "cpu",
    ),
    (r"the same project under another name", lambda facts: facts.both[0].name != facts.both[1].name),
    (r"it is a CPU build now, by its name", lambda facts: device(facts, 1) == "cpu"),
    (
        r"nothing shows a GPU build any more.*",
        lambda facts: device(facts, 1) != "cuda" or facts.row.subject == "tensorflow",
    ),
    (r"nothing shows a CPU build any more.*", lambda facts: device(facts, 1) == ""),
    (r"it is a GPU build now.*", lambda facts: device(facts, 1) not in ("cpu", "")),
    (r"a build for another kind of GPU.*", lambda facts: device(facts, 0) != device(facts, 1)),
    (
        r"its name states a CUDA version on one side only",
        lambda facts: facts.both[0].name != facts.both[1].name,
    ),
    (r"another CUDA major version: .*", lambda facts: cuda(facts.both[0]) != cuda(facts.both[1])),
    (
        r"compiled against another PyTorch release.*",
        lambda facts: variants(facts.both[0]).get("torch") != variants(facts.both[1]).get("torch"),
    ),
    (
        r"compiled for the other C\+\+ ABI.*",
        lambda facts: variants(facts.both[0]).get("abi") != variants(facts.both[1]).get("abi"),
    ),
    (
        r"another MPI: .*",
        lambda facts: variants(facts.both[0]).get("mpi") != variants(facts.both[1]).get("mpi"),
    ),
    (r"it is built with MPI now: .*", lambda facts: variants(facts.both[0]).get("mpi") == "none"),
    (r"it is built without MPI now: .*", lambda facts: variants(facts.both[1]).get("mpi") == "none"),
    (
        r"another BLAS: .*",
        lambda facts: variants(facts.both[0]).get("blas") != variants(facts.both[1]).get("blas"),
    ),
    (
        r"another OpenMP runtime: .*",
        lambda facts: variants(facts.both[0]).get("openmp") != variants(facts.both[1]).get("openmp"),
    ),
    (
        r"another interpreter: .*",
        lambda facts: (
            variants(facts.both[0]).get("interpreter") != variants(facts.both[1]).get("interpreter")
        ),
    ),
    (r"it runs on more machines than before", lambda facts: facts.has("envelope lowered")),
    (r"nodes without (?:a newer|this) .* cannot install it", lambda facts: facts.has("envelope raised")),
    *((re.escape(layer.why), of_layer) for layer in STACK),
    *(
        (re.escape(layer.why_differs), lambda facts: of_layer(facts) and facts.kind != "lock_to_lock")
        for layer in STACK
        if layer.why_differs != layer.why
    ),
)


def untrue(row: Row, old: PackageSet, new: PackageSet, kind: ComparisonKind) -> str:
    """Return the reason of a row that is not one of a package's facts; empty where it is true."""
    facts = Facts(row, old, new, kind)
    known = [fact for pattern, fact in REASONS if re.fullmatch(pattern, row.why)]
    if not known:
        return f"unknown: {row.why}"
    return (
        "" if any(fact(facts) for fact in known) else f"{row.subject} {row.before} → {row.after}: {row.why}"
    )


def rows(old: PackageSet, new: PackageSet, kind: ComparisonKind) -> list[Row]:
    locked = kind == "lock_to_lock"
    drift = diff(old, new, ComparableFacts(locked=locked, platform="linux-64"))
    return [row_of(judgement) for judgement in judge(drift, old, new, kind)]


@given(package_sets, package_sets, st.sampled_from(KINDS))
@settings(max_examples=400, deadline=None)
def test_each_reason_is_true_of_its_row(old: PackageSet, new: PackageSet, kind: ComparisonKind) -> None:
    found = rows(old, new, kind)
    assert [fault for row in found if (fault := untrue(row, old, new, kind))] == []
    leaders = {row.subject for row in found if not row.follows}
    assert {row.follows for row in found if row.follows} <= leaders


@pytest.mark.parametrize("mutation", TABLE, ids=lambda each: f"{each.expected}: {each.why}"[:90])
def test_each_reason_is_true_of_real_packages(mutation: Mutation) -> None:
    old, new = (operand(packages) for packages in (mutation.old, mutation.new))
    for comparison in compare(old, new).comparisons:
        sides = old.platforms[comparison.platform], new.platforms[comparison.platform]
        assert [fault for row in comparison.rows if (fault := untrue(row, *sides, "lock_to_lock"))] == []


@given(package_sets, package_sets)
@settings(max_examples=200, deadline=None)
def test_what_follows_is_never_worse_than_what_leads(old: PackageSet, new: PackageSet) -> None:
    found = rows(old, new, "lock_to_lock")
    severities = ("critical", "high", "medium", "low", "info")
    ranks = {row.subject: severities.index(row.severity) for row in reversed(found) if not row.follows}
    for row in found:
        if row.follows:
            assert row.severity in ("low", "info")
            assert ranks[row.follows] <= severities.index(row.severity)
