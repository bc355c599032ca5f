from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement
from rattler import BuildString, MatchSpec, PackageRecord
from tests.support.corpus import environment_files, find_corpus

from conda_lockstep.conda.match_spec import NOWHERE, BadSpec, CondaSpec, parse_conda
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.environment.reader import read
from conda_lockstep.environment.requirement import PipRequirement, parse_pip
from conda_lockstep.errors import LockstepError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    # conda's own reader, as conda-lock carries it.
    from conda_lock._vendor.conda.models.match_spec import MatchSpec as CondasMatchSpec


def spec_of(text: str) -> CondaSpec:
    spec = parse_conda(text)
    assert isinstance(spec, CondaSpec), spec
    return spec


def requirement_of(text: str) -> PipRequirement:
    requirement = parse_pip(text)
    assert isinstance(requirement, PipRequirement), requirement
    return requirement


@pytest.mark.parametrize(
    ("text", "name", "version", "build"),
    [
        ("numpy", "numpy", "", ""),
        ("NumPy", "numpy", "", ""),
        ("ruamel.yaml", "ruamel.yaml", "", ""),
        ("_libgcc_mutex", "_libgcc_mutex", "", ""),
        ("numpy=1.21", "numpy", "=1.21", ""),
        ("numpy =1.21", "numpy", "=1.21", ""),
        ("numpy = 1.21", "numpy", "= 1.21", ""),
        ("numpy 1.21", "numpy", "1.21", ""),
        ("numpy==1.21.0", "numpy", "==1.21.0", ""),
        ("numpy>=1.21,<2", "numpy", ">=1.21,<2", ""),
        ("numpy >=1.21, <2", "numpy", ">=1.21, <2", ""),
        ("numpy 1.8.*|1.9.*", "numpy", "1.8.*|1.9.*", ""),
        ("numpy (>=1.2)", "numpy", "(>=1.2)", ""),
        ("numpy=1.21=py39_0", "numpy", "=1.21", "py39_0"),
        ("numpy 1.21 py39_0", "numpy", "1.21", "py39_0"),
        ("numpy >=1.0 , < 2.0 py34_0", "numpy", ">=1.0 , < 2.0", "py34_0"),
        ("numpy >=1.0 , < 2.0 =py34_0", "numpy", ">=1.0 , < 2.0", "py34_0"),
        ("libblas=*=*mkl*", "libblas", "=*", "*mkl*"),
        ("python=3.8.* *_cpython", "python", "=3.8.*", "*_cpython"),
        ("jaxlib>=0.4.31=cuda12*", "jaxlib", ">=0.4.31", "cuda12*"),
        ("libarchive>=3.8 lgpl_*", "libarchive", ">=3.8", "lgpl_*"),
        ("torch=1!2.0", "torch", "=1!2.0", ""),
        ("pytorch=2.0+cu118", "pytorch", "=2.0+cu118", ""),
        ("openssl=1.1.1k", "openssl", "=1.1.1k", ""),
        ("tzdata=2024a", "tzdata", "=2024a", ""),
        ("libfoo=1.2-3", "libfoo", "=1.2-3", ""),
        ("python='3.10'"[:6], "python", "", ""),
        ("numpy=1.21 # why not", "numpy", "=1.21", ""),
        ("numpy[version='>=1.2,<2']", "numpy", ">=1.2,<2", ""),
        ('numpy[version=">=1.2", build="*mkl*"]', "numpy", ">=1.2", "*mkl*"),
        ("numpy=1.2[build=x]", "numpy", "=1.2", "x"),
        ("numpy=1.2[version='3.*']", "numpy", "3.*", ""),
        ("numpy[]", "numpy", "", ""),
    ],
)
def test_a_match_spec_is_parted_as_conda_does(text: str, name: str, version: str, build: str) -> None:
    spec = spec_of(text)
    assert (spec.name, spec.version, spec.build) == (name, version, build)


@pytest.mark.parametrize(
    ("text", "channel", "subdir", "namespace"),
    [
        ("conda-forge::numpy=1.2", "conda-forge", "", ""),
        ("conda-forge/linux-64::numpy", "conda-forge", "linux-64", ""),
        ("conda-forge/label/dev::numpy", "conda-forge/label/dev", "", ""),
        ("https://example.org/c::numpy", "https://example.org/c", "", ""),
        ("numpy[channel=pytorch,subdir=noarch]", "pytorch", "noarch", ""),
        ("conda-forge:ns:numpy", "conda-forge", "", "ns"),
        ("conda-forge:numpy", "", "", "conda-forge"),
        ("numpy", "", "", ""),
    ],
)
def test_a_channel_stands_before_two_colons(text: str, channel: str, subdir: str, namespace: str) -> None:
    spec = spec_of(text)
    assert (spec.name, spec.channel, spec.subdir, spec.namespace) == ("numpy", channel, subdir, namespace)


@pytest.mark.parametrize(
    "text",
    [
        "https://conda.anaconda.org/conda-forge/linux-64/numpy-1.21.0-py39_0.conda",
        "https://conda.anaconda.org/conda-forge/linux-64/numpy-1.21.0-py39_0.tar.bz2#0123456789abcdef",
        "./channel/noarch/numpy-1.21.0-py39_0.conda",
    ],
)
def test_a_package_file_is_exact(text: str) -> None:
    spec = spec_of(text)
    assert (spec.name, spec.version, spec.build) == ("numpy", "1.21.0", "py39_0")
    assert spec.is_exact
    assert spec.has_upper_bound
    assert spec.url and "#" not in spec.url
    assert text[slice(*spec.version_at)] == "1.21.0"


@pytest.mark.parametrize(
    "text",
    [
        "numpy=1.21=py39_0",
        "  numpy >= 1.21 , <2 py39_0",
        "conda-forge::numpy==1.21=py39_0  # comment",
        "conda-forge/linux-64::NumPy 1.21 py39_0",
        "ns:numpy=1.21 =py39_0",
    ],
)
def test_every_part_knows_where_it_stands(text: str) -> None:
    spec = spec_of(text)
    assert text[slice(*spec.name_at)].lower() == spec.name == "numpy"
    assert text[slice(*spec.version_at)] == spec.version
    assert text[slice(*spec.build_at)] == spec.build == "py39_0"
    if spec.channel:
        assert text[slice(*spec.channel_at)] == spec.channel
    for clause in spec.clauses:
        written = text[slice(*clause.where)]
        assert written.startswith(clause.op)
        assert written.endswith(clause.version)


def test_an_option_is_told_as_what_it_is() -> None:
    for text, option in (
        ("torchvision -c pytorch", "-c pytorch"),
        ("x 1.2 --override-channels", "--override-channels"),
    ):
        bad = parse_conda(text)
        assert isinstance(bad, BadSpec)
        assert bad.message.startswith(f"'{option}' is a conda command-line option")


def test_clauses_stand_in_the_order_of_the_text() -> None:
    text = "numpy (>=1.2,!=1.5.*)|==3.0"
    clauses = spec_of(text).clauses
    assert [(clause.op, clause.version) for clause in clauses] == [
        (">=", "1.2"),
        ("!=", "1.5.*"),
        ("==", "3.0"),
    ]
    assert [text[slice(*clause.where)] for clause in clauses] == [">=1.2", "!=1.5.*", "==3.0"]


def test_what_is_not_there_is_nowhere() -> None:
    spec = spec_of("numpy")
    assert {spec.version_at, spec.build_at, spec.channel_at, spec.namespace_at} == {NOWHERE}
    assert spec_of("numpy[version='1.2']").version_at == NOWHERE


NO_SPECS: list[tuple[str, str]] = [
    ("numpy=>1.2", "=>"),
    ("numpy =<2", "=<"),
    ("numpy===1.2", "==="),
    ("numpy>=", ">="),
    ("numpy=", "="),
    ("numpy>=1.2,", ""),
    ("numpy>=1.2,,<2", ""),
    ("numpy=1..2", "1..2"),
    ("numpy=.1", ".1"),
    ("numpy=1.2*.3", "1.2*.3"),
    ("numpy=1-2_3", "1-2_3"),
    ("numpy 1.2.", "1.2."),
    ("numpy~=1.2.*", "1.2.*"),
    ("numpy!=*", "*"),
    ("numpy ^1.2$", "^1.2$"),
    ("torchvision -c pytorch", "-c pytorch"),
    ("pytorch==1.4.0 -c pytorch", "-c pytorch"),
    ("torchvision --channel pytorch", "--channel pytorch"),
    ("torchvision -", "-"),
    ("torchvision 1.2 -3", "1.2 -3"),
    ("numpy >=1.2 <2", "1.2 <2"),
    ("numpy 1.2 py39_0 extra", "py39_0 extra"),
    ("numpy==1.2=", "="),
    ("numpy[extra]", "[extra]"),
    ("numpy[version=]", "[version=]"),
    ("numpy; python_version < '3'", "; python_version < '3'"),
    ("name @ https://example.org/x", "//example.org/x"),
    ("git+https://github.com/a/b", "//github.com/a/b"),
    ("num^py", "num^py"),
    ("num*", "num*"),
    ("=1.2", "=1.2"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "wrong"), NO_SPECS)
def test_what_conda_or_rattler_refuses_is_no_spec_and_the_place_is_told(text: str, wrong: str) -> None:
    bad = parse_conda(text)
    assert isinstance(bad, BadSpec), bad
    assert bad.text == text
    assert bad.message
    assert text[slice(*bad.where)].strip() == wrong


EXACT = ["numpy==1.21", "numpy 1.21", "numpy =1.21 py_0", "numpy=1.21=py_0", "numpy=1.21=*", "numpy==1.21.*=*",
         "numpy>=1,==1.21.*", "numpy>=1,==1.21", "numpy[version='1.21']"]  # fmt: skip
OPEN = ["numpy", "numpy=1.21", "numpy =1.21", "numpy = 1.21", "numpy==1.21.*", "numpy==1.21.*,>=0", "numpy 1.21.*",
        "numpy=1.21.*=*", "numpy>=1.21", "numpy>=1.21,<2", "numpy~=1.21.0", "numpy 1.21|1.22", "numpy=*=x",
        "numpy!=1.21", "numpy[version='1.21.*']"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "exact"), [*((text, True) for text in EXACT), *((text, False) for text in OPEN)]
)
def test_an_exact_spec_is_one_that_rattler_lets_match_one_version_only(text: str, exact: bool) -> None:
    spec = spec_of(text)
    assert spec.is_exact is exact
    candidates = [
        version for version in ("1.20", "1.21", "1.21.0", "1.21.6", "1.22", "3") if _matches(text, version)
    ]
    assert (set(candidates) == {"1.21", "1.21.0"}) is exact


@pytest.mark.parametrize(
    ("text", "bounded"),
    [
        ("numpy", False),
        ("numpy=*", False),
        ("numpy>=1.2", False),
        ("numpy>1.2,!=1.5", False),
        ("numpy=1.2", True),
        ("numpy 1.2.*", True),
        ("numpy==1.2", True),
        ("numpy~=1.2", True),
        ("numpy>=1.2,<2", True),
        ("numpy<=2", True),
    ],
)
def test_an_upper_bound_keeps_later_releases_out(text: str, bounded: bool) -> None:
    assert spec_of(text).has_upper_bound is bounded


VERSIONS = ["1", "1.2", "1.21.0", "1.2.*", "1.2*", "*", "1.2.3rc1", "2024a", "1!2.0", "1.0+cu118", "1.2_1", "1-2",
            "1..2", ".1", "1.2.3.post1", "py3", "1.2.*.3", "1_", "^1.2$", "V1", ""]  # fmt: skip
OPERATORS = ["=", "==", ">=", "<=", "<", ">", "!=", "~=", "=>", "===", "", " ", " =", " == ", " >= "]
BUILDS = ["", "", " py39_0", "=py39_0", "=*cuda*", "=h1234567_0", "=*", "= 0"]
NAMES = [
    "numpy",
    "NumPy",
    "num-py",
    "ruamel.yaml",
    "_lib",
    "conda-forge::numpy",
    "conda-forge/linux-64::x",
    "ns:numpy",
]
ENDS = ["", "", "", "[build=x]", "[version='>=1']", " # comment", " [subdir=linux-64]", "[]", "[version=]"]

_clauses = st.tuples(st.sampled_from(OPERATORS), st.sampled_from(VERSIONS)).map("".join)
_more_clauses = st.lists(st.tuples(st.sampled_from([",", "|", ", "]), _clauses).map("".join), max_size=2).map(
    "".join
)
_written = st.tuples(
    st.sampled_from(NAMES), _clauses, _more_clauses, st.sampled_from(BUILDS), st.sampled_from(ENDS)
).map("".join)


@given(_written)
@settings(max_examples=1500, deadline=None)
def test_what_is_read_is_read_alike_by_rattler_and_conda(text: str) -> None:
    spec = parse_conda(text)
    if isinstance(spec, BadSpec):
        return
    by_rattler, by_conda = MatchSpec(text, strict=False), _condas(text)
    assert spec.name == by_rattler.name.normalized == by_conda.name
    assert spec.build == (by_rattler.build or "") == str(by_conda.get("build") or "")
    assert spec.subdir == (by_rattler.subdir or "")
    assert spec.channel == (by_rattler.channel.name if by_rattler.channel else "")


_USUAL = st.lists(
    st.sampled_from(
        "a numpy 1 1.2 2.0.0 rc1 b2 .* * , - . _ = == >= <= ~= != > < =1.2 ==1 ,<2 =py39_0 =1=2 =h1234567_0".split()
    ),
    min_size=1,
    max_size=6,
).map("".join)


@given(_USUAL)
@settings(max_examples=1500, deadline=None)
def test_usual_entries_are_read_the_fast_way_as_they_are_the_slow_way(text: str) -> None:
    # A blank at its end makes any entry an unusual one, and changes nothing.
    for parse in (parse_conda, parse_pip):
        quick, slow = parse(text), parse(f"{text} ")
        if not isinstance(quick, BadSpec):
            assert slow._replace(text=text) == quick
        else:
            assert isinstance(slow, BadSpec)


@given(_written)
@settings(max_examples=1000, deadline=None)
def test_every_part_of_what_is_read_stands_where_it_says(text: str) -> None:
    spec = parse_conda(text)
    if isinstance(spec, BadSpec):
        assert 0 <= spec.where[0] <= spec.where[1] <= len(text)
        return
    assert text[slice(*spec.name_at)].lower() == spec.name
    for part, where in (
        (spec.version, spec.version_at),
        (spec.build, spec.build_at),
        (spec.channel, spec.channel_at),
    ):
        assert where == NOWHERE or text[slice(*where)] == part != ""
    if spec.version_at != NOWHERE:
        for clause in spec.clauses:
            assert spec.version_at[0] <= clause.where[0] < clause.where[1] <= spec.version_at[1]
            written = text[slice(*clause.where)]
            assert written.replace(" ", "") == clause.op + clause.version


@given(_written)
@settings(max_examples=500, deadline=None)
def test_what_both_take_is_refused_only_where_nobody_can_have_meant_it(text: str) -> None:
    spec = parse_conda(text)
    # What brackets replace, the others do not look at.
    if isinstance(spec, BadSpec) and "[version" not in text and not _is_refused(text):
        assert re.search(
            "does not accept '\\*'|nothing follows|only a version and a build|is not a valid version",
            spec.message,
        ), spec


@given(
    st.sampled_from(["=", "==", "", " ", " =", " == "]),
    st.sampled_from(["1", "1.21", "1.21.0", "2024.1"]),
    st.sampled_from(["", ".*"]),
    st.sampled_from(BUILDS),
)
@settings(max_examples=500, deadline=None)
def test_one_version_or_many_as_rattler_has_it(op: str, version: str, glob: str, build: str) -> None:
    text = f"numpy{op or ' '}{version}{glob}{build}"
    spec = spec_of(text)
    assert _matches(text, version, spec.build)
    assert spec.is_exact is not _matches(text, f"{version}.7", spec.build)


def _corpus_entries(manager: str) -> Iterator[str]:
    for path in environment_files("environments", "odd"):
        try:
            entries = read_entries(read(path))
        except LockstepError:
            continue
        found = entries.conda if manager == "conda" else entries.pip
        yield from (entry.item.value for entry in found)
        yield from (entry.item.value for entry in entries.bad if entry.manager == manager)


def test_every_conda_entry_of_the_corpus_is_taken_or_refused_as_rattler_and_conda_do() -> None:
    texts = sorted(set(_corpus_entries("conda")))
    assert len(texts) > (1000 if find_corpus() else 50)
    for text in texts:
        spec = parse_conda(text)
        # ``when`` is newer than the conda that conda-lock carries; ``1.4.0 -c pytorch`` it reads as a version 1.4.0-c.
        assert isinstance(spec, BadSpec) is _is_refused(text) or "[when=" in text or " -c" in text, text
        # Of a package's URL rattler keeps the name alone.
        if isinstance(spec, CondaSpec) and "://" not in text:
            by_rattler = MatchSpec(text, strict=False)
            assert (spec.name, spec.build) == (by_rattler.name.normalized, by_rattler.build or "")


@pytest.mark.parametrize(
    ("text", "kind", "name", "specifier", "extras", "marker"),
    [
        ("numpy", "requirement", "numpy", "", (), ""),
        ("NumPy==1.21.0", "requirement", "numpy", "==1.21.0", (), ""),
        ("ruamel.yaml>=0.17,<1", "requirement", "ruamel-yaml", ">=0.17,<1", (), ""),
        ("huggingface_hub ~= 0.20", "requirement", "huggingface-hub", "~= 0.20", (), ""),
        ("torch==2.0.1+cu118", "requirement", "torch", "==2.0.1+cu118", (), ""),
        ("ray[default, tune]==2.9", "requirement", "ray", "==2.9", ("default", "tune"), ""),
        ("x (>=1)", "requirement", "x", ">=1", (), ""),
        ("x===1.0-custom", "requirement", "x", "===1.0-custom", (), ""),
        ("x==1; sys_platform == 'linux'", "requirement", "x", "==1", (), "sys_platform == 'linux'"),
        ("x==1 # comment", "requirement", "x", "==1", (), ""),
        ("x==1 --hash=sha256:00", "requirement", "x", "==1", (), ""),
        ("x @ https://example.org/x.whl", "url", "x", "", (), ""),
        ("git+https://github.com/a/b@main#egg=My_Pkg", "url", "my-pkg", "", (), ""),
        ("https://example.org/x-1.0-py3-none-any.whl", "url", "", "", (), ""),
        ("-r requirements.txt", "option", "", "", (), ""),
        ("--extra-index-url https://example.org", "option", "", "", (), ""),
        ("-e .", "option", "", "", (), ""),
        (".", "path", "", "", (), ""),
        ("./package", "path", "", "", (), ""),
        ("../package[extra]", "path", "", "", (), ""),
        ("submodules/rasterizer", "path", "", "", (), ""),
        ("x-1.0-py3-none-any.whl", "path", "", "", (), ""),
    ],
)
def test_a_pip_item_is_what_pip_takes_it_for(
    text: str, kind: str, name: str, specifier: str, extras: tuple[str, ...], marker: str
) -> None:
    found = requirement_of(text)
    assert (found.kind, found.name, found.specifier, found.extras, found.marker) == (
        kind, name, specifier, extras, marker,
    )  # fmt: skip
    if found.name_at != NOWHERE:
        assert normalize(text[slice(*found.name_at)]) == found.name
    if found.specifier_at != NOWHERE:
        assert text[slice(*found.specifier_at)].strip() == found.specifier


NO_REQUIREMENTS: list[tuple[str, str, str]] = [
    ("numpy=1.26.4", "=", "'==' instead of '='"),
    ("numpy =1.26.4", "=", "'==' instead of '='"),
    ("x[extra]=1", "=", "'==' instead of '='"),
    ("numpy=~1.2", "=~", "'~=' instead of '=~'"),
    ("numpy=>1.2", "=>", "'>=' instead of '=>'"),
    ("numpy=<1.2", "=<", "'<=' instead of '=<'"),
    ("numpy 1.2", " 1.2", "PEP 508"),
    ("numpy==", "==", "PEP 508"),
    ("numpy==1.0,,<2", "==1.0,,<2", "PEP 508"),
    ("foo bar", " bar", "PEP 508"),
    ("==1.0", "==1.0", "PEP 508"),
    (f"a{' ' * 20}==1", " " * 20, "too many spaces"),
]


@pytest.mark.parametrize(("text", "wrong", "says"), NO_REQUIREMENTS)
def test_what_pip_refuses_is_no_requirement_and_the_place_is_told(text: str, wrong: str, says: str) -> None:
    bad = parse_pip(text)
    assert isinstance(bad, BadSpec), bad
    assert bad.text == text
    assert text[slice(*bad.where)] == wrong
    assert says in bad.message


@pytest.mark.parametrize(
    ("text", "exact"),
    [("x==1.0", True), ("x===1.0", True), ("x == 1.0", True), ("x", False), ("x>=1.0", False), ("x==1.*", False),
     ("x==1.0,<2", False), ("x~=1.0", False)],
)  # fmt: skip
def test_an_exact_requirement_has_two_equals_signs_and_no_glob(text: str, exact: bool) -> None:
    assert requirement_of(text).is_exact is exact


_pip_clauses = st.tuples(
    st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "~=", "===", "=", "=>", " == ", ""]),
    st.sampled_from(["1", "1.2", "1.2.0", "1.2.*", "2024.1", "1.0rc1", "1.0+cu118", "1!2", "1.0.post1", ""]),
).map("".join)
_pip_written = st.tuples(
    st.sampled_from(["numpy", "NumPy", "ruamel.yaml", "a_b", "a-b", "x1", "-x", "x y"]),
    st.sampled_from(["", "", "[extra]", "[a,b]", " [a]", "["]),
    _pip_clauses,
    st.sampled_from(["", "", ",<3", ", >=0", ","]),
    st.sampled_from(["", "", "; python_version < '3.12'", " ; sys_platform == 'linux'"]),
).map("".join)


@given(_pip_written)
@settings(max_examples=1500, deadline=None)
def test_a_requirement_is_read_as_packaging_reads_it(text: str) -> None:
    _compare_with_packaging(text)


def test_every_pip_entry_of_the_corpus_is_read_as_packaging_reads_it() -> None:
    texts = sorted(set(_corpus_entries("pip")))
    assert len(texts) > (500 if find_corpus() else 50)
    for text in texts:
        _compare_with_packaging(text)


def _compare_with_packaging(text: str) -> None:
    found = parse_pip(text)
    if "===" in text and ("," in text or not text.partition("===")[2].partition(";")[0].strip()):
        return  # packaging takes an empty version here, and a comma for a part of it
    if isinstance(found, PipRequirement) and (found.kind != "requirement" or " -" in text or "#" in text):
        return
    try:
        expected = Requirement(text.partition(" #")[0])
    except InvalidRequirement:
        assert isinstance(found, BadSpec), text
        return
    assert isinstance(found, PipRequirement), text
    assert found.name == normalize(expected.name)
    assert set(found.extras) == expected.extras
    assert sorted(found.specifier.replace(" ", "").strip(",").split(",")) == sorted(
        str(clause) for clause in expected.specifier or [""]
    )
    assert bool(found.marker) is (expected.marker is not None)


@cache
def _is_refused(text: str) -> bool:
    try:
        MatchSpec(text, strict=False)
        _condas(text)
    except Exception:  # each of the readers has several kinds
        return True
    return False


def _condas(text: str) -> CondasMatchSpec:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CondasMatchSpec(text)


def _matches(text: str, version: str, build: str = "") -> bool:
    record = PackageRecord("numpy", version, BuildString(build.replace("*", "x") or "py_0"), 0, "linux-64")
    return MatchSpec(text, strict=False).matches(record)
