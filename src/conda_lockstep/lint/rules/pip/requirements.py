"""Requirements that pip rejects or cannot find."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import insert_before, remove
from conda_lockstep.environment.entries import BadEntry, Entries, PipEntry, rewrite
from conda_lockstep.environment.pip_lines import comment_start, options, split_options
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.pip.sources import option

TORCH_INDEX = "https://download.pytorch.org/whl"
_TORCH = frozenset({"torch", "torchaudio", "torchtext", "torchvision", "xformers"})
_LOCAL = r"\+([A-Za-z0-9.]+)"


@rule("invalid-requirement", "error", requires=("bad",), requirements=True)
def invalid_requirement(entries: Entries, config: Config) -> Iterator[Problem]:
    """A pip entry is not a valid requirement (PEP 508): pip rejects the whole section."""
    for entry in entries.bad:
        # The rule ``template-in-file`` reports text that a template fills in.
        if entry.manager != "pip" or "{{" in entry.item.value or "${" in entry.item.value:
            continue
        wrong = entry.problem.text[slice(*entry.problem.where)]
        yield Problem(
            entry.item.at(*entry.problem.where),
            f"'{entry.item.value}' is not a valid requirement: {entry.problem.message}",
            "write 'name', 'name==1.2.3' or 'name>=1.2,<2'",
            _corrected(entry, wrong) if wrong in ("=", "=~", "=>", "=<") else None,
        )


@rule("duplicate-requirement", "warning", supersedes=("unpinned-pip",), requires=("pip",), requirements=True)
def duplicate_requirement(entries: Entries, config: Config) -> Iterator[Problem]:
    """A package is listed twice in pip's entries; pip rejects two different versions."""
    by_name: dict[str, list[PipEntry]] = defaultdict(list)
    for entry in entries.pip:
        if entry.requirement.name and not entry.requirement.marker:
            by_name[entry.requirement.name].append(entry)
    for first, *others in by_name.values():
        for second in others:
            yield _repeated(entries, first, second)


@rule("local-version-without-index", "error", requires=("local-version",))
def local_version_without_index(entries: Entries, config: Config) -> Iterator[Problem]:
    """A version such as ``2.1.0+cu118`` is not on PyPI, and the file specifies no index for it."""
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
            f"'{entry.item.value}' is not on PyPI, and the file specifies no index that has '{local.group()}'",
            f"add '--extra-index-url {index}' to the pip section"
            if index
            else "specify the index, or the URL of the wheel",
            fix,
        )


@rule("ignored-option", "error", requires=("pip",), requirements=True)
def ignored_option(entries: Entries, config: Config) -> Iterator[Problem]:
    """An option follows a requirement on its line: pip ignores all but ``--hash`` and two more there."""
    for entry in entries.pip:
        text = entry.item.value
        if " -" not in text or entry.requirement.kind not in ("requirement", "url"):
            continue
        text = text[: comment_start(text)].rstrip()
        requirement = split_options(text)[0].rstrip()
        behind = text[len(requirement) :].lstrip()
        ignored = [found.written for found in options(behind) if found.name not in _HEEDED]
        if ignored:
            place = text.index(ignored[0], len(requirement))
            yield Problem(
                entry.at((place, len(text))),
                f"pip ignores '{ignored[0]}' behind a requirement, without a message",
                f"write '{text[place:]}' as an entry of its own, before '{requirement}'",
                _as_own_entry(entries, entry, requirement, behind) if len(ignored) == 1 else None,
            )


_HEEDED = ("--hash", "--config-settings", "--config-setting", "-C", "--global-option", "--install-option")
"""Options that pip reads behind a requirement (``SUPPORTED_OPTIONS_REQ`` in ``pip/_internal/req/req_file.py``)."""


def _as_own_entry(entries: Entries, entry: PipEntry, requirement: str, behind: str) -> Fix | None:
    """Return the fix that makes an entry of the one option behind a requirement."""
    if entry.item.flow or not entry.item.verbatim or entry.item.quoted or len(list(options(behind))) != 1:
        return None
    end = len(requirement) + entry.item.value[len(requirement) :].index(behind) + len(behind)
    shortened = rewrite(entry.item, (len(requirement), end), "")
    added = insert_before(entries.file.source, entry.item, behind)
    return (
        Fix(f"write '{behind}' as an entry of its own", (added, shortened), "unsafe") if shortened else None
    )


def _corrected(entry: BadEntry, wrong: str) -> Fix | None:
    right = "==" if wrong == "=" else wrong[::-1]
    edit = rewrite(entry.item, entry.problem.where, right)
    return (
        Fix(f"replace '{wrong}' with '{right}'", (edit,), "safe" if wrong == "=" else "unsafe")
        if edit
        else None
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
        fix = Fix(f"remove the redundant '{spare.item.value}'", (edit,), "safe")
    return Problem(
        here.item.span,
        f"'{here.item.value}' and '{there.item.value}' conflict: pip rejects the section"
        if exclude
        else f"'{here.requirement.name}' is listed twice",
        "keep the intended version" if exclude else "keep one entry",
        fix,
        severity="error" if exclude else None,
        also=((there.item.span, f"also listed here, as '{there.item.value}'"),),
    )


def _tight(specifier: str) -> str:
    return specifier.replace(" ", "")


def _names_an_index(entry: PipEntry) -> bool:
    named = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-r", "--requirement"}
    return option(entry)[0] in named
