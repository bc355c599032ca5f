"""Two distributions that install one Python module, under different names."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.shared_modules import modules_of
from conda_lockstep.config import Config
from conda_lockstep.environment.entries import Entries, PipEntry
from conda_lockstep.environment.environment_file import Item
from conda_lockstep.lint.engine.registry import Problem, rule
from conda_lockstep.lint.rules.pip.managers import projects_of


@rule("one-module-twice", "error", requires=("pip",), requirements=True)
def one_module_twice(entries: Entries, config: Config) -> Iterator[Problem]:
    """Two entries install the same Python module under different names: one overwrites the other's files."""
    pip = [(entry, modules_of(entry.requirement.name)) for entry in entries.pip]
    if not any(modules for _, modules in pip):
        return
    conda = {project: entry.item for entry in entries.conda for project in projects_of(entry.spec.name)}
    holders: dict[str, Item] = {}
    for project, item in conda.items():
        for module in modules_of(project):
            holders.setdefault(module, item)
    seen: list[PipEntry] = []
    for entry, modules in pip:
        if entry.requirement.name in conda:
            continue
        for module in modules:
            if module in holders and not entry.requirement.marker:
                yield _problem(entry, module, f"conda's '{holders[module].value}'", holders[module])
                break
            twin = next((other for other in seen if _clash(other, entry, module)), None)
            if twin:
                yield _problem(entry, module, f"'{twin.item.value}'", twin.item)
                break
        seen.append(entry)


def _clash(one: PipEntry, other: PipEntry, module: str) -> bool:
    """Return whether both install a module on one machine; entries with markers are often alternatives."""
    first, second = one.requirement, other.requirement
    if first.name == second.name or first.marker != second.marker:
        return False
    return module in modules_of(first.name)


def _problem(entry: PipEntry, module: str, other: str, item: Item) -> Problem:
    return Problem(
        entry.item.span,
        f"'{entry.item.value}' and {other} both install the module '{module}': "
        "the one that is installed last overwrites the other's files",
        "keep one of them",
        also=((item.span, other),),
    )
