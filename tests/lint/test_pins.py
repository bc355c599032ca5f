from __future__ import annotations

import pytest

from conda_lockstep.config import Config
from tests.support.lint import HEAD, fixed, found, marked, of

GOOD_AND_BAD: dict[str, tuple[list[str], list[str]]] = {
    "unpinned-conda": (
        ["numpy=1.21", "numpy 1.21.*", "numpy==1.21.0", "numpy>=1.21", "numpy<2", "numpy~=1.21.0", "numpy!=1.5",
         "numpy=1.21=py39_0", '"numpy[version=1.21]"', "conda-forge::numpy=1.21", "libblas=*=*mkl", "cpuonly", "nomkl",
         "_openmp_mutex=*=*_llvm", "blas=*=openblas", "mpi=*=openmpi", "python",
         "https://example.org/c/linux-64/numpy-1.21.0-py39_0.conda", "numpy =1.21  # pinned", "cuda92",
         "faiss-proc=*=cuda"],
        ["numpy", "NumPy", "conda-forge::numpy", "numpy=*", "numpy *", "pytorch=*=*cuda*", '"numpy[build=*mkl*]"',
         "'numpy'", "numpy  # later", "compilers", "cudnn", "git"],
    ),
    "unpinned-python": (
        ["python=3.10", "python 3.10.*", "python==3.10.4", "python=3.10.4=*_cpython", "python>=3.10,<3.11",
         "python=3.10.*=*_cpython", "conda-forge::python=3.10", "python~=3.10.2"],
        ["python", "python=3", "python 3.*", "python>=3.8", "python<3.12", "python>=3.9,<3.12", "python=*=*_cpython",
         "python 3.9.*|3.10.*", "python~=3.9", "python!=3.9.1"],
    ),
    "too-loose-pin": (
        ["numpy=1.21", "numpy>=1.21,<1.22", "numpy==1.21.0", "numpy", "pandas=1", "pandas>=1,<3",
         "pytorch=2.4.*=*cuda*", "numpy~=1.21.0", "protobuf=3.20", "cudnn=8.9"],
        ["numpy=1", "numpy 1.*", "numpy>=1.21", "numpy>=1.21,<3", "numpy<2", "pytorch=2", "pytorch>=2.0=*cuda*",
         "cudnn>=8,<9", "protobuf~=3.20", "openmpi=4"],
    ),
    "open-range": (
        ["scipy=1.7", "scipy>=1.7,<2", "scipy<2", "scipy~=1.7.0", "scipy", "scipy=*", "python>=3.8"],
        ["scipy>=1.7", "scipy>1.7", "scipy >= 1.7", "scipy!=1.7", "scipy>=1.7,!=1.8", "scipy>=1.7=py*"],
    ),
    "accidental-exact": (
        ["numpy=1.21", "numpy==1.21.0", "numpy 1.21.0", "numpy 1.21.*", "numpy==1.21.*", "numpy=1.21.*=*mkl*",
         "numpy=1.21.0=*mkl*", "pip==24.2", "sysroot_linux-64==2.28", "readline=8.2=h5eee18b_0", "numpy>=1.21",
         "pytz==2023.3", "numpy=*=*mkl*"],
        ["numpy 1.21", "numpy==1.21", "numpy == 1.21", "numpy=1.21=*mkl*", "numpy =1.21 *mkl*", "numpy==1",
         "python 3.9", "python==3.9", "pytorch=2.4=*cuda*", "pytorch==2.4.*=*cuda*", "numpy>=1,==1.21.*",
         "anything=2.4=*mkl*", "anything 2.4", '"numpy[version=1.21]"', "conda-forge::numpy==1.21"],
    ),
    "redundant-glob": (
        ["numpy=1.21", "numpy 1.21.*", "numpy=1.21.*=*mkl*", "numpy!=1.21.*", "numpy=*", "numpy",
         "numpy==1.21.*=*mkl*"],
        ["numpy=1.21.*", "numpy=1.21*", "numpy==1.21.*", "numpy>=1.21.*", "numpy<2.*", "numpy>1.21.*", "numpy<=1.21.*",
         "numpy>=1.21.*=*mkl*", "numpy==1.21.*,>=0a0"],
    ),
    "reversed-operator": (
        ["rust>=1.65", "rust<=1.65", "rust=1.65", "rust", "rust =<"],
        ["rust=>1.65", "rust =>1.65", "rust=<1.65", "rust>=1,=<2", '"rust => 1.65"'],
    ),
    "deprecated-operator": (
        ["numpy=1.21", "numpy>=1.21.3,1.21.*", "numpy>=1.21"],
        ["numpy~=1.21.3", "numpy ~= 1.21.3", "numpy~=1.21", "numpy!=1.5,~=1.21.3", '"numpy[version=~=1.21.3]"'],
    ),
    "build-hash-pin": (
        ["numpy=1.21.0", "numpy=1.21.0=py39_0", "pip=21.2=pyhd8ed1ab_0", "numpy=1.21.*=*mkl*", "idna=2.9=py_1",
         "pytorch=1.10.0=py3.9_cuda11.3_cudnn8.2.0_0", "tzdata=2021a=0",
         "https://example.org/linux-64/numpy-1.21.0-py39h1234567_0.conda"],
        ["numpy=1.21.0=py39h1234567_0", "readline=8.2=h5eee18b_0", "numpy 1.21.0 py39hdbf815f_1",
         "conda-forge::numpy=1.21.0=py39hdbf815f_0", "pytorch=2.1.0=cuda118_py39h1234567_300",
         "numpy=*=py39h1234567_0", "numpy>=1,<2=py39h1234567_0"],
    ),
    "impossible-range": (
        ["numpy>=1,<2", "numpy>=1,<=1", "numpy", "numpy=1.21,>=1.21.3", "numpy>=2|<1",
         "numpy>=2.0rc1,<2.0", "numpy<0.1"],
        ["numpy>=2,<1", "numpy>1,<1", "numpy>1,<=1", "numpy=1.21,>=1.22", "numpy >= 2, < 1",
         '"numpy[version=\'>2,<1\']"',
         "numpy>=2,<1=py39_0"],
    ),
    "spelling": (
        ["numpy", "numpy=1.21", "numpy>=1.21,<2", "numpy 1.21", "numpy=1.21=py39_0", "conda-forge::numpy=1.21",
         "python 3.8.*", "numpy >=1.21 py39_0"],
        ["NumPy", "numpy >=1.21", "numpy >= 1.21", "numpy>=1.21, <2", "numpy = 1.21", "numpy ==1.21",
         "numpy  1.21 | 1.22",
         "conda-forge::PyYAML"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "entry"), [(r, entry) for r, (good, _) in GOOD_AND_BAD.items() for entry in good]
)
def test_a_rule_reports_nothing_for_a_good_entry(rule: str, entry: str) -> None:
    assert found(of(entry), rule) == []


@pytest.mark.parametrize(
    ("rule", "entry"), [(r, entry) for r, (_, bad) in GOOD_AND_BAD.items() for entry in bad]
)
def test_a_rule_reports_a_bad_entry_once(rule: str, entry: str) -> None:
    text = of("zlib=1.2", entry, "zstd=1.5")
    (finding,) = found(text, rule)
    assert finding.rule == rule
    assert finding.family == "pins"
    assert finding.line == 4
    assert marked(text, finding) in entry
    assert finding.message
    assert finding.help


@pytest.mark.parametrize(
    ("rule", "entry", "place"),
    [
        ("unpinned-conda", "conda-forge::numpy  # later", "conda-forge::numpy"),
        ("unpinned-conda", "'numpy'", "'numpy'"),
        ("accidental-exact", "python 3.9", "python 3.9"),
        ("accidental-exact", "numpy>=1,==1.21.*", "==1.21.*"),
        ("redundant-glob", "numpy >=1.21.*, <2", ">=1.21.*"),
        ("reversed-operator", "rust >=1,=<2", "=<"),
        ("reversed-operator", '"rust => 1.65"', "=>"),
        ("deprecated-operator", "numpy !=1.5, ~=1.21.3", "~=1.21.3"),
        ("build-hash-pin", "numpy=1.21.0=py39h1234567_0", "py39h1234567_0"),
        ("impossible-range", "conda-forge::numpy >=2,<1", ">=2,<1"),
    ],
)
def test_a_finding_points_at_what_is_wrong(rule: str, entry: str, place: str) -> None:
    text = of(entry)
    (finding,) = found(text, rule)
    assert marked(text, finding) == place


@pytest.mark.parametrize(
    ("rule", "entry", "after"),
    [
        ("accidental-exact", "numpy 1.21", "numpy=1.21"),
        ("accidental-exact", "numpy == 1.21", "numpy=1.21"),
        ("accidental-exact", "numpy==1.21", "numpy=1.21"),
        ("accidental-exact", "'numpy 1.21'", "'numpy=1.21'"),
        ("accidental-exact", "numpy=1.21=*mkl*", "numpy=1.21.*=*mkl*"),
        ("accidental-exact", "numpy 1.21 *mkl*", "numpy=1.21.* *mkl*"),
        ("accidental-exact", "pytorch==2.4.*=*cuda*", "pytorch=2.4.*=*cuda*"),
        ("accidental-exact", "numpy>=1,==1.21.*", "numpy>=1,=1.21"),
        ("redundant-glob", "numpy=1.21.*", "numpy=1.21"),
        ("redundant-glob", "numpy==1.21.*", "numpy=1.21"),
        ("redundant-glob", "numpy==1.21.*,>=0a0", "numpy=1.21,>=0a0"),
        ("redundant-glob", "numpy>=1.21.*,<2.*", "numpy>=1.21,<2"),
        ("redundant-glob", "numpy>1.21.*", "numpy>1.21.*"),
        ("redundant-glob", '"numpy[version=\'>=1.2.*\']"', '"numpy[version=\'>=1.2.*\']"'),
        ("reversed-operator", "rust =>1.65  # newer", "rust >=1.65  # newer"),
        ("reversed-operator", "rust=<1.65", "rust<=1.65"),
        ("deprecated-operator", "numpy~=1.21.3", "numpy>=1.21.3,1.21.*"),
        ("deprecated-operator", "numpy ~=1.21", "numpy >=1.21,1.*"),
        ("build-hash-pin", "numpy=1.21.0=py39h1234567_0", "numpy==1.21.0"),
        ("build-hash-pin", "numpy 1.21.0 py39h1234567_0 # x", "numpy==1.21.0 # x"),
        ("build-hash-pin", "conda-forge::numpy=1.21.0=py39h1234567_0", "conda-forge::numpy==1.21.0"),
        ("spelling", "NumPy >= 1.21, <2", "numpy>=1.21,<2"),
        ("spelling", "conda-forge::PyYAML", "conda-forge::pyyaml"),
    ],
)  # fmt: skip
def test_a_fix_rewrites_the_entry_and_nothing_else(rule: str, entry: str, after: str) -> None:
    around = ("zlib=1.2  # keep", "zstd=1.5")
    assert fixed(of(around[0], entry, around[1]), rule).text == of(around[0], after, around[1])


@pytest.mark.parametrize("rule", ["accidental-exact", "build-hash-pin", "reversed-operator"])
def test_a_fix_that_changes_the_install_is_unsafe(rule: str) -> None:
    bad = of(GOOD_AND_BAD[rule][1][0])
    assert fixed(bad, rule, unsafe=False).text == bad
    assert fixed(bad, rule).text != bad


@pytest.mark.parametrize("rule", ["redundant-glob", "deprecated-operator"])
def test_a_fix_that_keeps_the_meaning_is_safe(rule: str) -> None:
    assert not found(fixed(of(GOOD_AND_BAD[rule][1][0]), rule, unsafe=False).text, rule)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dependencies: [numpy~=1.21.3, zlib=1.2]\n", "dependencies: [numpy~=1.21.3, zlib=1.2]\n"),
        ("dependencies: ['numpy~=1.21.3', zlib=1.2]\n", "dependencies: ['numpy>=1.21.3,1.21.*', zlib=1.2]\n"),
        ("dependencies:\r\n- numpy~=1.21.3 # é\r\n", "dependencies:\r\n- numpy>=1.21.3,1.21.* # é\r\n"),
        ("dependencies:\n- numpy~=1.21.3", "dependencies:\n- numpy>=1.21.3,1.21.*"),
        ('dependencies:\n- "numpy\\x7E=1.21.3"\n', 'dependencies:\n- "numpy\\x7E=1.21.3"\n'),
    ],
)
def test_a_fix_that_yaml_would_misread_is_not_offered(before: str, after: str) -> None:
    assert fixed(before, "deprecated-operator").text == after


def test_tools_without_a_version_are_a_note() -> None:
    severities = {
        f.message.split("'")[1]: f.severity
        for f in found(of("pip", "setuptools", "wheel", "numpy"), "unpinned-conda")
    }
    assert severities == {"pip": "note", "setuptools": "note", "wheel": "note", "numpy": "warning"}
    pip = found(of(pip=["setuptools", "numpy"]), "unpinned-pip")
    assert [finding.severity for finding in pip] == ["note", "warning"]


@pytest.mark.parametrize(
    "text",
    [
        of("numpy=1.21", "pandas"),
        of(pip=["numpy"]),
        of("pip", "zlib"),
    ],
)
def test_missing_python_is_reported_at_the_dependencies(text: str) -> None:
    (finding,) = found(text, "unpinned-python")
    assert (finding.line, finding.column) == (2, 1)
    assert marked(text, finding) == "dependencies"


@pytest.mark.parametrize(
    "text",
    [
        of("cmake", "ninja", "gxx_linux-64", "zlib"),
        of("r-base=4.3", "r-dplyr"),
        of("python_abi=3.9=*_cp39", "numpy"),
        of("pypy=7.3", "numpy"),
        of("numpy", "python: 3.10"),
        of("numpy", "sel(linux): python=3.10"),
        of("numpy", "python=>3.10"),
        "channels: [conda-forge]\ndependencies: []\n",
    ],
)
def test_missing_python_is_not_reported_if_nothing_needs_it_or_another_rule_reports_it(text: str) -> None:
    assert found(text, "unpinned-python") == []


def test_an_unpinned_python_is_one_finding() -> None:
    assert [finding.rule for finding in found(of("python"), "pins")] == ["unpinned-python"]


@pytest.mark.parametrize(
    ("entry", "silent"),
    [("x==1.0", True), ("x===1.0", True), ("x ==1.0", True), ("x[a]==1.0", True), ("x==1.*", True),
     ("x==1.0; python_version < '3.9'", True), ("x==1.0 --hash=sha256:00", True),
     ("x @ https://example.org/x.whl", True), ("git+https://example.org/x", True), ("-r f", True), ("-e .", True),
     ("x", False), ("x>=1.0", False), ("x<2", False), ("x~=1.0.0", False), ("x>=1,<2", False), ("x[a,b]", False),
     ("'x'", False), ("x # why", False), ("x; python_version < '3.9'", False), ("x!=1.0", False)],
)  # fmt: skip
def test_a_pip_entry_is_pinned_by_two_equals_signs(entry: str, silent: bool) -> None:
    text = of(pip=["y==1.0", entry])
    findings = found(text, "unpinned-pip")
    assert [finding.line for finding in findings] == ([] if silent else [5])


def test_the_help_keeps_the_extras() -> None:
    (finding,) = found(of(pip=["Ray[default, tune]"]), "unpinned-pip")
    assert "'ray[default,tune]==X.Y.Z'" in finding.help


def test_the_settings_set_the_precision_of_a_pin() -> None:
    config = Config(pin_precision={"pandas": "minor", "numpy": "patch", "scipy": "major"})
    text = of("pandas=1", "numpy=1.21", "scipy=1", "scipy>=1", "pandas=1.3", "numpy=1.21.0")
    assert [finding.line for finding in found(text, "too-loose-pin", config=config)] == [3, 4, 6]


def test_a_loose_pin_is_not_also_an_open_range() -> None:
    assert [f.rule for f in found(of("numpy>=1.21"), "too-loose-pin", "open-range")] == ["too-loose-pin"]


def test_style_rules_are_off_by_default() -> None:
    text = of("zlib=1", "python=3.9", "NumPy >=1.21,<1.22", "scipy>=1.7")
    assert {finding.rule for finding in found(text, "pins")} == set()


@pytest.mark.parametrize(
    ("conda", "lines", "fixes_to"),
    [
        (["numpy=1.21", "zlib", "numpy=1.21"], [5], ["numpy=1.21", "zlib"]),
        (["numpy", "numpy=1.21"], [3], ["numpy=1.21"]),
        (["numpy=1.21", "numpy"], [4], ["numpy=1.21"]),
        (["numpy=1.21", "NumPy"], [4], ["numpy=1.21"]),
        (["numpy", "numpy", "numpy"], [4, 5], ["numpy"]),
        (["numpy=1.21", "numpy>=1.20"], [4], None),
        (["numpy=1.21", "conda-forge::numpy"], [4], None),
        (["numpy=1.21", "numpy=1.21=py39_0"], [4], None),
        (["numpy=1.21 # [linux]", "numpy=1.21 # [osx]"], [], None),
        (["numpy=1.21", "numpy=1.21 # [osx]"], [4], ["numpy=1.21\n  # [osx]"]),
        (["numpy=1.21", "numpy=1.21 # lockstep: ignore=gpu"], [4], ["numpy=1.21"]),
        (["numpy", "numpydoc"], [], None),
        (["sel(linux): numpy", "sel(osx): numpy"], [], None),
    ],
)  # fmt: skip
def test_a_package_is_listed_once(conda: list[str], lines: list[int], fixes_to: list[str] | None) -> None:
    text = of(*conda)
    findings = found(text, "duplicate-spec")
    assert [finding.line for finding in findings] == lines
    assert all(finding.also[0][0] == (4 if finding.line == 3 else 3) for finding in findings)
    assert fixed(text, "duplicate-spec", unsafe=False).text == (of(*fixes_to) if fixes_to else text)


def test_a_redundant_entry_is_not_also_unpinned() -> None:
    for entries in (
        ("zlib=1", "zlib"),
        ("zlib", "zlib=1"),
        ("python", "python=3.9"),
        ("python=3.9", "python"),
    ):
        assert [finding.rule for finding in found(of(*entries), "pins")] == ["duplicate-spec"]


@pytest.mark.parametrize(
    ("one", "other", "exclude"),
    [
        ("python=3.8", "python=3.9", True),
        ("numpy>=1.20", "numpy<1.19", True),
        ("numpy==1.21.0", "numpy==1.21.1", True),
        ("numpy=1.21", "numpy=1.22=py39_0", True),
        ("numpy=1.21", "numpy>=1.20", False),
        ("numpy=1.21", "numpy=1.21.3", False),
        ("numpy=1.21", "numpy=1.21", False),
        ("numpy", "numpy=1.21", False),
        ("numpy=1.21|=1.22", "numpy=1.23", False),
        ("numpy>=2,<1", "numpy=1.21", False),
        ("numpy=1.21 # [linux]", "numpy=1.22 # [osx]", False),
    ],
)
def test_two_entries_must_not_exclude_each_other(one: str, other: str, exclude: bool) -> None:
    findings = found(of("zlib=1.2", one, other), "contradictory-spec")
    assert [(finding.line, finding.severity, finding.also[0][0]) for finding in findings] == (
        [(5, "error", 4)] if exclude else []
    )


def test_a_contradiction_is_not_also_a_repetition() -> None:
    assert {f.rule for f in found(of("python=3.8", "python=3.9"), "pins")} == {"contradictory-spec"}


EXPORT = ["_libgcc_mutex=0.1=main", "ca-certificates=2021.10.26=h06a4308_2", "openssl=1.1.1l=h7f8727e_0",
          "readline=8.1=h27cfd23_0", "xz=5.2.5=h7b6447c_0"]  # fmt: skip


def test_a_full_export_has_one_finding() -> None:
    export = [*EXPORT, *(f"package{number}=1.2.{number}=py39h1234567_0" for number in range(20))]
    findings = found(of(*export), "pins")
    assert [finding.rule for finding in findings if finding.rule != "unpinned-python"] == ["full-export"]
    assert "25 of 25" in findings[-1].message and "one build" in findings[-1].message
    exported = found(
        of(*export, "pip", pip=["tqdm==4.46.0", "black"]), "full-export", "stray-pip", "unpinned-pip"
    )
    assert [finding.rule for finding in exported] == ["full-export", "unpinned-pip"]


@pytest.mark.parametrize(("brought", "others", "speaks"), [(4, 16, True), (3, 30, False), (4, 15, False)])
def test_an_export_has_twenty_packages_and_four_dependencies_of_python(
    brought: int, others: int, speaks: bool
) -> None:
    export = [*EXPORT[:brought], *(f"package{number}=1.2.{number}=py39_0" for number in range(others))]
    assert bool(found(of(*export), "full-export")) is speaks
    asked = [f"tool{number}" for number in range(len(export) // 4)]
    assert bool(found(of(*export, *asked), "full-export")) is speaks
    assert not found(of(*export, *asked, "one-more", "and-another"), "full-export")


@pytest.mark.parametrize(
    "conda",
    [
        EXPORT,
        [f"package{number}=1.2.{number}=py39h1234567_0" for number in range(30)],
        [*EXPORT, *(f"package{number}=1.2" for number in range(30))],
    ],
)
def test_many_pins_are_not_an_export(conda: list[str]) -> None:
    assert found(of(*conda), "full-export") == []


def test_an_export_without_builds_is_an_export() -> None:
    export = [*(entry.rpartition("=")[0].replace("=", "==") for entry in EXPORT),
              *(f"package{number}==1.2.{number}" for number in range(20))]  # fmt: skip
    (finding,) = found(of(*export), "full-export")
    assert "one build" not in finding.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["zlib", "python=3.9", "numpy=1.21 # array"], ["python=3.9", "numpy=1.21 # array", "zlib"]),
        (["python=3.9", "pip", "numpy"], ["python=3.9", "numpy", "pip"]),
        (["python=3.9", "numpy", "zlib", "pip"], ["python=3.9", "numpy", "zlib", "pip"]),
        (['"zlib"', "'numpy'", "conda-forge::attrs"], ["conda-forge::attrs", "'numpy'", '"zlib"']),
        (["numpy", "zlib", "# tools", "git"], ["numpy", "zlib", "# tools", "git"]),
        (["zlib", "# tools", "zoo", "make", "git"], ["zlib", "# tools", "zoo", "git", "make"]),
    ],
)
def test_entries_are_sorted_within_their_paragraph(before: list[str], after: list[str]) -> None:
    def text(entries: list[str]) -> str:
        return HEAD + "".join(
            f"  {entry}\n" if entry.startswith("#") else f"  - {entry}\n" for entry in entries
        )

    assert len(found(text(before), "unsorted")) == (before != after)
    assert fixed(text(before), "unsorted", unsafe=False).text == text(after)


def test_sorting_keeps_line_endings_and_a_missing_last_one() -> None:
    text = "dependencies:\r\n- zlib # z\r\n- attrs"
    assert fixed(text, "unsorted").text == "dependencies:\r\n- attrs\r\n- zlib # z"
