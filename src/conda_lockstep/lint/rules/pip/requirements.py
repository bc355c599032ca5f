"""Requirements that pip refuses, or that it cannot find."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import insert_before, remove
from conda_lockstep.environment.entries import BadEntry, Entries, PipEntry, rewrite
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.pip.sources import option

TORCH_INDEX = "https://download.pytorch.org/whl"
_TORCH = frozenset({"torch", "torchaudio", "torchtext", "torchvision", "xformers"})
_LOCAL = r"\+([A-Za-z0-9.]+)"


@rule("invalid-requirement", "error", requires=("bad",), requirements=True)
def invalid_requirement(entries: Entries, config: Config) -> Iterator[Problem]:
    """A pip entry is no requirement (PEP 508): pip refuses the whole section."""
    for entry in entries.bad:
        # What is filled in before conda sees it is the rule ``template-in-file``'s.
        if entry.manager != "pip" or "{{" in entry.item.value or "${" in entry.item.value:
            continue
        wrong = entry.problem.text[slice(*entry.problem.where)]
        yield Problem(
            entry.item.at(*entry.problem.where),
            f"'{entry.item.value}' is no requirement: {entry.problem.message}",
            "write name, name==1.2.3 or 'name>=1.2,<2'",
            _mended(entry, wrong) if wrong in ("=", "=~", "=>", "=<") else None,
        )


@rule("duplicate-requirement", "warning", supersedes=("unpinned-pip",), requires=("pip",), requirements=True)
def duplicate_requirement(entries: Entries, config: Config) -> Iterator[Problem]:
    """A package is named twice among the pip entries; two different versions are refused by pip."""
    by_name: dict[str, list[PipEntry]] = defaultdict(list)
    for entry in entries.pip:
        if entry.requirement.name and not entry.requirement.marker:
            by_name[entry.requirement.name].append(entry)
    for first, *others in by_name.values():
        for second in others:
            yield _repeated(entries, first, second)


@rule("local-version-without-index", "error", requires=("local-version",))
def local_version_without_index(entries: Entries, config: Config) -> Iterator[Problem]:
    """A version such as ``2.1.0+cu118`` is not on PyPI, and the section names no index that could have it."""
    if entries.file.pip_repositories or any(_names_an_index(entry) for entry in entries.pip):
        return
    for entry in entries.pip_having("local-version"):
        local = re.search(_LOCAL, entry.requirement.specifier)
        if not local:
            continue
        index = f"{TORCH_INDEX}/{local.group(1)}" if entry.requirement.name in _TORCH else ""
        fix = None
        if index and not (entry.section.flow or entry.section.items[0].flow):
            added = insert_before(entries.file.source, entry.section.items[0], f"--extra-index-url {index}")
            fix = Fix(f"add '--extra-index-url {index}'", (added,), "unsafe")
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' is not on PyPI: no index is named that has '{local.group()}'",
            f"add '--extra-index-url {index}' to the section"
            if index
            else "name the index, or the wheel by its URL",
            fix,
        )


def _mended(entry: BadEntry, wrong: str) -> Fix | None:
    right = "==" if wrong == "=" else wrong[::-1]
    edit = rewrite(entry.item, entry.problem.where, right)
    return (
        Fix(f"write '{right}' for '{wrong}'", (edit,), "safe" if wrong == "=" else "unsafe") if edit else None
    )


def _repeated(entries: Entries, first: PipEntry, second: PipEntry) -> Problem:
    one, other = (_tight(entry.requirement.specifier) for entry in (first, second))
    alike = (
        first.requirement.extras == second.requirement.extras
        and first.requirement.url == second.requirement.url
    )
    spare = None
    if alike and other in ("", one):
        spare = second
    elif alike and not one and first.section == second.section:
        spare = first
    exclude = one.startswith("==") and other.startswith("==") and one != other
    here, there = (first, second) if spare is first else (second, first)
    fix = None
    if spare and len(spare.section.items) > 1:
        edit = remove(entries.file.source, spare.item)
        fix = Fix(f"remove '{spare.item.value}', which says no more than the other", (edit,), "safe")
    return Problem(
        here.item.span,
        f"'{here.item.value}' and '{there.item.value}' exclude each other: pip refuses the section"
        if exclude
        else f"'{here.requirement.name}' is listed twice",
        "keep the one that is meant" if exclude else "keep one entry",
        fix,
        severity="error" if exclude else None,
        also=((there.item.span, f"'{there.item.value}', the other time"),),
    )


def _tight(specifier: str) -> str:
    return specifier.replace(" ", "")


def _names_an_index(entry: PipEntry) -> bool:
    named = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links"}
    if entry.requirement.kind == "option":
        return option(entry)[0] in named | {"-r", "--requirement"}
    return any(f" {name}" in entry.item.value for name in named)
