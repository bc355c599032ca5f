"""Rules about operators that do not mean what was intended, or that tools read differently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.conda.bounds import numbers
from conda_lockstep.conda.match_spec import NOWHERE, Clause, Range
from conda_lockstep.config import Config
from conda_lockstep.environment.entries import CondaEntry, Entries, rewrite
from conda_lockstep.lint.engine.registry import Fix, Problem, Safety, Severity, rule
from conda_lockstep.text.source import Span

THREE_NUMBERS = frozenset(
    "cmake cudatoolkit cupy dask flask h5py ipykernel ipython jax jaxlib jupyterlab keras lightgbm lightning "
    "matplotlib matplotlib-base numba numpy opencv openmpi pandas pillow plotly polars protobuf "
    "pyarrow pytables pytest python pytorch pytorch-cpu pytorch-gpu pytorch-lightning requests scikit-image "
    "scikit-learn scipy seaborn spacy sqlalchemy statsmodels tensorboard tensorflow tensorflow-gpu "
    "tokenizers torchaudio torchmetrics torchvision tqdm transformers xarray xgboost".split()
)
"""Packages with releases X.Y.Z, so that an exact X.Y matches X.Y.0 at best."""


@rule("accidental-exact", "warning", supersedes=("redundant-glob",), requires=("exact",))
def accidental_exact(entries: Entries, config: Config) -> Iterator[Problem]:
    """``numpy 1.21``, ``numpy==1.21`` and ``numpy=1.21=*build*`` match only 1.21.0, where 1.21.* was intended."""
    for entry in entries.having("exact"):
        spec = entry.spec
        for index, clause in enumerate(spec.clauses):
            if spec.url or not spec.is_exact_clause(index):
                continue
            severity = _accidental(entry, clause)
            if severity:
                yield _exact(entry, clause, severity)


@rule("redundant-glob", "note", requires=("glob",))
def redundant_glob(entries: Entries, config: Config) -> Iterator[Problem]:
    """A ``*`` after an operator (``=1.21.*``, ``==1.21.*``, ``>=1.21.*``): rattler's strict parser rejects it."""
    for entry in entries.having("glob"):
        for index, clause in enumerate(entry.spec.clauses):
            version = _without_glob(clause)
            if not version or clause.op in ("", "!=") or not clause.version.endswith("*"):
                continue
            # Here the ``*`` keeps ``=`` from being exact, or is ignored after ``==``: see ``accidental-exact``.
            if entry.spec.is_exact_clause(index) or (entry.spec.build and clause.op == "="):
                continue
            yield _glob(entry, clause, version)


@rule("reversed-operator", "error", supersedes=("invalid-match-spec",), requires=("bad",))
def reversed_operator(entries: Entries, config: Config) -> Iterator[Problem]:
    """``=>1.65`` or ``=<2``: conda accepts both and reads the second as ``<2``; rattler and pixi reject them."""
    for entry in entries.bad:
        start, end = entry.problem.where
        written = entry.item.value[start:end]
        if entry.manager != "conda" or written not in ("=>", "=<") or not entry.item.value[end:].strip():
            continue
        right = written[::-1]
        reading = "conda accepts it" if right == ">=" else "conda reads it as '<'"
        edit = rewrite(entry.item, entry.problem.where, right)
        yield Problem(
            entry.item.at(start, end),
            f"the operator in '{entry.item.value}' is reversed: {reading}, rattler and pixi reject the file",
            f"write '{right}'",
            Fix(f"replace '{written}' with '{right}'", (edit,), "unsafe") if edit else None,
        )


@rule("deprecated-operator", "note", requires=("compatible",))
def deprecated_operator(entries: Entries, config: Config) -> Iterator[Problem]:
    """``~=``, as in ``~=1.21.3``, is deprecated for conda entries (CEP 29)."""
    for entry in entries.having("compatible"):
        for clause in entry.spec.clauses:
            if clause.op != "~=" or "." not in clause.version:
                continue
            plain = f">={clause.version},{clause.version.rpartition('.')[0]}.*"
            yield Problem(
                _span(entry, clause),
                f"'~=' in '{entry.item.value}' is deprecated for conda packages",
                f"write '{plain}', which means the same",
                _change(
                    entry,
                    _place(entry, clause),
                    plain,
                    f"replace '~={clause.version}' with '{plain}'",
                    "safe",
                ),
            )


def _accidental(entry: CondaEntry, clause: Clause) -> Severity | None:
    """Return the severity of an exact clause that is probably not intended; None where it is."""
    spec = entry.spec
    if clause.version.endswith("*"):
        return "warning"
    if not re.fullmatch(r"\d+(\.\d+)?", clause.version) or (spec.build and "*" not in spec.build):
        return None
    if spec.build or spec.name in THREE_NUMBERS:
        return "warning"
    return "note" if clause.op == "" and len(spec.clauses) == 1 else None


def _exact(entry: CondaEntry, clause: Clause, severity: Severity) -> Problem:
    spec, text = entry.spec, entry.item.value
    version = _without_glob(clause)
    meant = f"={version}.*" if spec.build else f"={version}"
    what = (
        f"rattler ignores the '*' of '{clause.version}' in '{text}'"
        if "*" in clause.version
        else f"'{text}' is exact"
    )
    # Where this is the only clause, the spaces before it are removed: a space and a ``=`` would be two separators.
    where = _place(entry, clause)
    only = len(spec.clauses) == 1 and where != NOWHERE
    fix = _change(
        entry, (spec.name_at[1], where[1]) if only else where, meant, f"allow {version}.*", "unsafe"
    )
    return Problem(
        entry.item.span if only else _span(entry, clause),
        f"{what}: it never matches {version}.{'0.' * (2 - numbers(version))}1",
        f"write '{text[: spec.name_at[1]] + meant + text[where[1] :] if only else meant}'"
        f" to allow any {version}.x release",
        fix,
        severity=severity,
    )


def _glob(entry: CondaEntry, clause: Clause, version: str) -> Problem:
    written, text = clause.op + clause.version, entry.item.value
    if clause.op in (">", "<="):
        readings = (
            f"'>{version}' by conda and as '>={version}' by rattler" if clause.op == ">" else f"'<={version}'"
        )
        return Problem(
            _span(entry, clause),
            f"'{written}' in '{text}' is read as {readings}",
            "write the first version to allow, or the first to exclude",
            severity="warning",
        )
    plain = f"={version}" if clause.op == "==" else f"{clause.op}{version}"
    return Problem(
        _span(entry, clause),
        f"'{written}' in '{text}' has a redundant '*': '{plain}' means the same",
        f"write '{plain}'",
        _change(entry, _place(entry, clause), plain, f"replace '{written}' with '{plain}'", "safe"),
    )


def _without_glob(clause: Clause) -> str:
    return clause.version.rstrip("*").rstrip(".")


def _place(entry: CondaEntry, clause: Clause) -> Range:
    """Return the range of a clause in the entry's text; ``NOWHERE`` for a version in brackets."""
    return NOWHERE if entry.spec.version_at == NOWHERE else clause.where


def _span(entry: CondaEntry, clause: Clause) -> Span:
    return entry.at(_place(entry, clause))


def _change(entry: CondaEntry, where: Range, text: str, message: str, safety: Safety) -> Fix | None:
    """Return the fix that rewrites part of an entry."""
    edit = rewrite(entry.item, where, text)
    return Fix(message, (edit,), safety) if edit else None
