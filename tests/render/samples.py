"""Reports to render: none, one, thirty and three thousand changes, and everything at once."""

from __future__ import annotations

from dataclasses import replace

from conda_lockstep.drift.report import (
    SEVERITIES,
    Attribution,
    Comparison,
    Evidence,
    Report,
    Row,
    Severity,
    Side,
)
from conda_lockstep.packages import Package

EVIDENCE = Evidence(
    ("linted", "solved", "installed", "verified"),
    ("imported", "kernel ran", "collective ran", "multi-node transport"),
)
OLD = Side("conda-lock.yml of the base branch", "ls1-7517ba0cab43", "ls1-7517ba0cab43", 214)
NEW = Side("conda-lock.yml", "ls1-2e679ade04d8", "ls1-2e679ade04d8", 213)


def row(
    subject: str,
    severity: Severity,
    classes: str,
    before: str,
    after: str,
    why: str,
    detail: str = "",
    manager: str = "conda",
    cause: str = "",
) -> Row:
    return Row(subject, manager, tuple(classes.split()), severity, before, after, why, detail, cause)


TELLING = (
    row(
        "numpy",
        "critical",
        "shadowed manager",
        "conda 1.26.4",
        "pip 2.0.0",
        "both managers own its files: the code that is imported is not what conda records",
        "pip installed numpy 2.0.0 over it",
        "pip",
    ),
    row(
        "certifi",
        "critical",
        "bytes",
        "2025.1.31 sha256 ca718bb9c8a1",
        "2025.1.31 sha256 3d78d3ba6f0e",
        "the same file name has other contents: replaced upstream, or tampered with",
    ),
    row(
        "pytorch",
        "critical",
        "variant build",
        "2.5.1 cuda126_mkl_py312_h4e6e9b2_300",
        "2.5.1 cpu_mkl_py312_he2b7e4a_100",
        "the GPU build became a CPU build: training fails or crawls on the CPU",
    ),
    row(
        "tensorboard",
        "critical",
        "removed",
        "2.18.0",
        "",
        "it was requested directly, and conda's own tools do not notice a missing pip package",
        manager="pip",
    ),
    row(
        "nccl",
        "high",
        "upgrade",
        "2.20.5",
        "2.27.3",
        "ranks with different NCCL versions fail to connect or hang",
    ),
    row(
        "__glibc",
        "high",
        "raised",
        "2.17",
        "2.28",
        "nodes without a newer glibc cannot install it",
        "required by sysroot_linux-64",
        "machine",
    ),
    row(
        "libgcc",
        "medium",
        "upgrade",
        "15.1.0",
        "15.2.0",
        "C and C++ runtime: a minor release may change defaults and results",
    ),
    row("tqdm", "low", "upgrade", "4.66.0", "4.67.1", "a minor release may change defaults and results"),
    row("icu", "info", "added", "", "75.1", "new"),
)


def comparison(
    *rows: Row, name: str = "environment.yml", platform: str = "linux-64", notes: tuple[str, ...] = ()
) -> Comparison:
    ordered = tuple(sorted(rows, key=lambda each: SEVERITIES.index(each.severity)))
    new = NEW if rows else replace(NEW, environment_id=OLD.environment_id, conda_id=OLD.conda_id)
    return Comparison(name, platform, OLD, new, ordered, unchanged=200, notes=notes)


def report(*comparisons: Comparison) -> Report:
    changed = any(each.rows for each in comparisons)
    return Report(
        comparisons,
        EVIDENCE,
        reproduce=("lockstep lock environment.yml", "lockstep diff /tmp/base.conda-lock.yml conda-lock.yml")
        if changed
        else (),
        accept=("lockstep lock environment.yml && git add conda-lock.yml",) if changed else (),
    )


def many(count: int, severities: tuple[Severity, ...] = SEVERITIES) -> tuple[Row, ...]:
    names = (
        ("medium", "low", "low", "info", "info", "low", "high") if severities is SEVERITIES else severities
    )
    return tuple(
        row(
            f"package-{index:04}",
            names[index % len(names)],
            "upgrade",
            f"1.{index}.0",
            f"1.{index}.1",
            "a patch release",
        )
        for index in range(count)
    )


def packages_of(one: Row) -> Row:
    """Give a row its packages."""
    old = Package(
        "conda",
        one.subject,
        one.before or "1",
        "h1_0",
        "linux-64",
        "https://conda.anaconda.org/conda-forge",
        sha256="a" * 64,
    )
    return one._replace(
        old=old if one.before else None, new=old._replace(version=one.after) if one.after else None
    )


def explained(one: Row, attribution: Attribution, cause: str, uploaded: tuple[int, int], *chain: str) -> Row:
    """Give a row its packages with their upload dates, its attribution and its chain."""
    one = packages_of(one)
    old, new = (
        side._replace(timestamp=when) if side else None
        for side, when in zip((one.old, one.new), uploaded, strict=True)
    )
    return one._replace(old=old, new=new, attribution=attribution, cause=cause, chain=chain)


EXPLAINED = (
    explained(
        TELLING[2],
        "pull_request",
        "this pull request",
        (1_728_000_000, 1_730_000_000),
        "environment.yml:7: pytorch",
    ),
    explained(
        TELLING[4],
        "upstream",
        "upstream, uploaded 2025-08-14",
        (1_710_000_000, 1_755_129_600),
        "environment.yml:7: pytorch=2.5=*cuda*",
        "pytorch 2.5.1 requires nccl >=2.20.5,<3.0a0",
    ),
    explained(
        TELLING[5],
        "both",
        "this pull request and upstream",
        (0, 0),
        "sysroot_linux-64 2.28 requires __glibc >=2.28",
    ),
    explained(TELLING[6], "upstream", "upstream, uploaded 2025-09-01", (1_746_000_000, 1_756_684_800)),
    explained(
        TELLING[7],
        "unexplained",
        "unexplained (by neither the file nor upstream)",
        (0, 1_700_000_000),
    ),
    explained(TELLING[8], "upstream", "upstream, undated", (0, 0), "environment.yml:9: matplotlib"),
)


SAMPLES: dict[str, Report] = {
    "none": report(comparison(), comparison(platform="osx-arm64")),
    "one": report(comparison(TELLING[4])),
    "telling": report(
        comparison(
            *TELLING,
            notes=("hashes were not compared for 12 pip packages: pip does not record them",),
        )
    ),
    "explained": report(comparison(*EXPLAINED)),
    "thirty": report(comparison(*TELLING[1:5], *many(26))),
    "platforms": report(
        comparison(TELLING[4], TELLING[7], platform="linux-64"),
        comparison(TELLING[4], TELLING[7], platform="linux-aarch64"),
        comparison(TELLING[7], platform="osx-arm64"),
        comparison(name="docs/environment.yml"),
    ),
}
LARGE = report(comparison(*TELLING, *many(3000)))
