"""Packages in the wrong list, or in both: conda and pip install into the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from conda_lockstep.conda import pypi_names as names
from conda_lockstep.conda.channel import FORGE, read_channel
from conda_lockstep.conda.match_spec import BadSpec, parse_conda
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.config import Config
from conda_lockstep.environment.edit import (
    Edit,
    InsertionPoint,
    comments_inside,
    gap_after,
    insert_before,
    remove,
)
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry, once_per_file, rewrite
from conda_lockstep.environment.environment_file import Item
from conda_lockstep.lint.engine.registry import Fix, Problem, Severity, rule
from conda_lockstep.lint.rules.pins.unpinned import INTERPRETERS, TOOLS, has_version
from conda_lockstep.text.source import Span

NEEDS_TORCH = frozenset(
    "apex auto-gptq causal-conv1d deepspeed detectron2 flash-attn grouped-gemm mamba-ssm minkowskiengine mmcv "
    "mmcv-full natten pytorch3d tiny-cuda-nn torch-cluster torch-scatter torch-sparse torch-spline-conv "
    "transformer-engine".split()
)
"""Projects that import torch or compile against it at build time, and have no wheels for most torch versions."""

CONDA_NAMES = {
    "cv2": "opencv", "opencv-contrib-python": "opencv", "opencv-python": "opencv",
    "opencv-python-headless": "opencv", "pil": "pillow", "pyqt5": "pyqt", "sklearn": "scikit-learn",
    "skimage": "scikit-image", "tables": "pytables", "torch": "pytorch",
}  # fmt: skip
"""Names of PyPI projects and of modules that no common channel has, with the name of the conda package."""

PYPI_NAMES = {
    "cv2": "opencv-python", "dask-core": "dask", "matplotlib-base": "matplotlib", "opencv": "opencv-python",
    "pil": "pillow", "py-opencv": "opencv-python", "pytables": "tables", "pytorch": "torch",
    "pytorch-gpu": "torch", "skimage": "scikit-image", "sklearn": "scikit-learn", "tensorflow-base": "tensorflow",
}  # fmt: skip
"""Names of conda packages and of modules that PyPI lacks or has only as a placeholder, with the name of the project."""


@rule("stray-pip", "warning", requires=("pip",))
def stray_pip(entries: Entries, config: Config) -> Iterator[Problem]:
    """A pip entry is available from a declared channel: conda's solver does not see what pip installs."""
    allowed = _allowed(config.pip_allow)
    if any("+" in entry.requirement.specifier for entry in entries.pip_named("torch")):
        # Such a torch must come from pip, and so must its companions.
        allowed |= {"torchvision", "torchaudio"}
    channels = _channels(entries)
    for entry in entries.pip:
        requirement = entry.requirement
        if requirement.kind != "requirement" or requirement.name in allowed or "+" in requirement.specifier:
            continue
        channel, conda = _on_channels(channels, requirement.name)
        if not conda or requirement.marker:
            continue
        as_named = "" if conda == entry.item.value[slice(*requirement.name_at)].lower() else f", as '{conda}'"
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' is installed by pip, but {channel} has it{as_named}",
            f"list '{conda}' as a conda package so that the solver sees it, or add the name to 'pip-allow'",
            _move_to_conda(entries, entry, conda),
            severity=None if _takes_libraries_from_conda(entries) else "note",
        )


@rule("pip-and-conda", "error", supersedes=("stray-pip", "unpinned-pip"), requires=("pip",))
def pip_and_conda(entries: Entries, config: Config) -> Iterator[Problem]:
    """Both conda and pip install a package: pip overwrites conda's files, and conda's metadata is then wrong."""
    twins = _by_project(entries)
    for entry in entries.pip:
        twin = twins.get(entry.requirement.name)
        if twin is None:
            continue
        fix = None
        if entry.requirement.kind == "requirement" and (has_version(twin) or not entry.requirement.specifier):
            message = f"remove '{entry.item.value}' from the pip section"
            fix = Fix(message, _leave_section(entries, entry), "unsafe")
        severity: Severity = "warning" if _is_same_version(entry, twin) else "error"
        overwrite = "pip overwrites conda's files"
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' and conda's '{twin.item.value}' are the same package: "
            f"{f'once their versions differ, {overwrite}' if severity == 'warning' else overwrite}",
            "keep one of them",
            fix,
            severity="note" if entry.requirement.name in TOOLS else severity,
            also=((twin.item.span, f"conda's '{twin.item.value}'"),),
        )


@rule(
    "wrong-ecosystem-name",
    "error",
    supersedes=("stray-pip", "unpinned-conda", "unpinned-pip"),
    requirements=True,
)
def wrong_ecosystem_name(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry has the package's PyPI name (``torch``), or a pip entry its conda name (``pytorch``)."""
    for conda in entries.conda:
        right = _conda_name(entries, conda)
        if right:
            edit = rewrite(conda.item, conda.spec.name_at, right)
            yield Problem(
                conda.at(conda.spec.name_at),
                f"no channel has '{conda.spec.name}', which is the name on PyPI",
                f"write '{right}', the name of the conda package",
                Fix(f"replace '{conda.spec.name}' with '{right}'", (edit,), "unsafe") if edit else None,
            )
    for pip in entries.pip:
        right = PYPI_NAMES.get(pip.requirement.name, "") if pip.requirement.kind == "requirement" else ""
        if right:
            edit = rewrite(pip.item, pip.requirement.name_at, right)
            yield Problem(
                pip.at(pip.requirement.name_at),
                f"'{pip.requirement.name}' is not the name of the project on PyPI",
                f"write '{right}'",
                Fix(f"replace '{pip.requirement.name}' with '{right}'", (edit,), "unsafe") if edit else None,
            )


@rule("build-needs-torch", "warning", supersedes=("stray-pip",), requires=("pip",), requirements=True)
def build_needs_torch(entries: Entries, config: Config) -> Iterator[Problem]:
    """Installing a pip entry compiles it against torch: it fails, or is built for another torch or CUDA."""
    for entry in entries.pip:
        requirement = entry.requirement
        if requirement.name not in NEEDS_TORCH or requirement.url.partition("#")[0].endswith(".whl"):
            continue
        channel, conda = _on_channels(_channels(entries), requirement.name)
        yield Problem(
            entry.item.span,
            f"'{requirement.name}' is compiled against torch during installation, on each machine separately",
            f"install '{conda}' from {channel}, which is already compiled"
            if conda
            else "specify the URL of a wheel for this torch, CUDA and Python, with '#sha256='",
        )


@once_per_file
def _channels(entries: Entries) -> list[str]:
    """Return the declared channels that are in the table of names, in their order."""
    bases = (read_channel(item.value).base for item in entries.file.channels.items)
    return [base for base in bases if base in names.CHANNELS]


def _on_channels(channels: list[str], project: str) -> tuple[str, str]:
    """Return the first of the channels that has a PyPI project, and the name of its package there."""
    for channel in channels:
        found = names.conda_names(project, channel)
        if found:
            return channel, found[0]
    return "", ""


@once_per_file
def _takes_libraries_from_conda(entries: Entries) -> bool:
    """Return whether conda installs any Python packages: if pip installs all of them, none is a stray."""
    return any(
        entry.spec.name not in INTERPRETERS | TOOLS and names.pypi_names(entry.spec.name)
        for entry in entries.conda
    )


def _by_project(entries: Entries) -> dict[str, CondaEntry]:
    """Return the conda entries by the PyPI projects they contain; a name that is not in the table stands for itself."""
    found: dict[str, CondaEntry] = {}
    for entry in entries.conda:
        for project in projects_of(entry.spec.name):
            found.setdefault(project, entry)
    return found


@lru_cache(maxsize=4096)
def projects_of(conda: str) -> tuple[str, ...]:
    """Return the PyPI projects of a conda package; a name that is not in the table stands for itself."""
    found, name = names.pypi_names(conda), normalize(conda)
    return found if found or names.is_conda_name(name) else (name,)


@cache
def _allowed(pip_allow: tuple[str, ...]) -> frozenset[str]:
    return frozenset(normalize(name) for name in pip_allow)


def _is_same_version(entry: PipEntry, twin: CondaEntry) -> bool:
    """Return whether conda installs the exact version that pip requires, so that pip leaves it as is."""
    if not entry.requirement.is_exact:
        return False
    required = entry.requirement.specifier.lstrip("= ")
    return [clause.version for clause in twin.spec.clauses if clause.op.strip("=") == ""] == [required]


def _conda_name(entries: Entries, entry: CondaEntry) -> str:
    """Return the conda name of an entry with a PyPI name; empty if the name is right or unknown."""
    name = entry.spec.name
    if entry.spec.channel not in ("", FORGE):
        return ""
    if name in CONDA_NAMES:
        return CONDA_NAMES[name]
    known = names.conda_names(name) if "-" in name else ()
    if not known or known[0] == name or normalize(known[0]) != name or names.is_conda_name(name):
        return ""
    on_forge = any(read_channel(item.value).base == FORGE for item in entries.file.channels.items)
    return known[0] if on_forge else ""


def _move_to_conda(entries: Entries, entry: PipEntry, conda: str) -> Fix | None:
    """Return the fix that moves a package from pip's list to conda's."""
    text = _as_spec(conda, entry)
    source, section = entries.file.source, entry.section
    anchor = _last_before(entries, section.span.start)
    if text is None or section.flow or (anchor and anchor.flow):
        return None
    if len(section.items) == 1:
        edits: tuple[Edit, ...] = (Edit(section.span, text),)
        comments = comments_inside(source, section)
        if comments:
            start = source.line_span(source.position(section.span.start)[0]).start
            edits = (Edit(Span(start, start), comments), *edits)
    else:
        comment = entries.file.comment_after(entry.item)
        line = text + (source.text[entry.item.span.end : comment.end] if comment else "")
        gap = _gap_before(entries, section.span.start)
        added = gap.filled(line) if gap else insert_before(source, section, line)
        edits = (*_leave_section(entries, entry), added)
    return Fix(f"list '{text}' as a conda package instead of a pip package", edits, "unsafe")


def _as_spec(conda: str, entry: PipEntry) -> str | None:
    """Return a requirement as a match spec; None if no match spec has the same meaning."""
    if entry.requirement.extras or entry.requirement.url or " --" in entry.item.value:
        return None
    return _with_specifier(conda, entry.requirement.specifier)


@lru_cache(maxsize=1024)
def _with_specifier(conda: str, specifier: str) -> str | None:
    clauses = []
    for clause in specifier.replace(" ", "").split(","):
        if conda == "opencv":
            # On PyPI, the fourth number is that of the packaging.
            clause = ".".join(clause.split(".")[:3])
        if clause.startswith("=="):
            clauses.append(f"={clause.strip('=').removesuffix('.*')}")
        elif clause.startswith("~="):
            clauses.append(f">={clause[2:]},{clause[2:].rpartition('.')[0]}.*")
        else:
            clauses.append(clause)
    text = conda + ",".join(clauses)
    return None if isinstance(parse_conda(text), BadSpec) else text


@once_per_file
def _last_before(entries: Entries, offset: int) -> Item | None:
    """Return the last conda entry that starts before an offset, which is that of a pip section."""
    found = None
    for item in entries.file.conda_items:
        if item.span.start < offset:
            found = item
    return found


@once_per_file
def _gap_before(entries: Entries, offset: int) -> InsertionPoint | None:
    """Return the insertion point after the last conda entry before an offset; entries inserted there share it."""
    anchor = _last_before(entries, offset)
    return gap_after(entries.file.source, anchor) if anchor else None


def _leave_section(entries: Entries, entry: PipEntry) -> tuple[Edit, ...]:
    """Return the edits that remove an entry from its section, and the section with its last entry.

    An empty section would change the meaning of the entries after it. So the first two entries are never removed
    in the same round: the edits of the first one also cover the second.
    """
    source, section = entries.file.source, entry.section
    if len(section.items) == 1:
        return (remove(source, section),)
    gone = remove(source, entry.item)
    if entry.item != section.items[0]:
        return (gone,)
    second = section.items[1].span
    return gone, Edit(second, source.text[slice(*second)])
