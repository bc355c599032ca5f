"""Builds the table of conda and PyPI names that ships with the package, from parselmouth's mapping files.

Usage: python scripts/build_names.py --from DIR --date YYYY-MM-DD

DIR holds ``v0-CHANNEL-compressed_mapping.json`` for each channel: a JSON object from conda names to the PyPI
projects whose metadata is in the package, or null. Source: https://github.com/prefix-dev/parselmouth (BSD-3-Clause).
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

CHANNELS = ("conda-forge", "pytorch")
DATA = Path(__file__).parents[1] / "src" / "conda_lockstep" / "data"
TABLE = DATA / "names.txt"
LICENCE = DATA / "names.LICENSE"

SUPPLEMENT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "conda-forge": {
        "cmake": ("cmake",),
        "cupy": ("cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"),
        "faiss-cpu": ("faiss-cpu",),
        "faiss-gpu": ("faiss-gpu",),
        "libopencv": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
        "ninja": ("ninja",),
        "opencv": (
            "opencv-python",
            "opencv-python-headless",
            "opencv-contrib-python",
            "opencv-contrib-python-headless",
        ),
        "py-opencv": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
        "py-xgboost-cpu": ("xgboost",),
        "py-xgboost-gpu": ("xgboost",),
        "pytorch-gpu": ("torch",),
        "ray-default": ("ray",),
        "tensorflow-cpu": ("tensorflow", "tensorflow-cpu"),
        "tensorflow-gpu": ("tensorflow", "tensorflow-gpu"),
    },
}
"""What parselmouth cannot see: metapackages and programs carry no Python metadata. From the feedstocks' recipes."""

HEADER = """\
# Which conda package holds which PyPI project. Built by scripts/build_names.py; do not edit.
# Source: https://github.com/prefix-dev/parselmouth (BSD-3-Clause, see names.LICENSE), as of {date}; for metapackages
# and programs the feedstocks' recipes.
#
# [CHANNEL conda]: a conda name, then the PyPI projects in it; a name alone means the project of the same name.
# [CHANNEL pypi]: a PyPI project, then the conda packages that hold it, the best one first; left out where that is one
# package of the same name. A name in parentheses is on the channel, too, without that project in it: a program, a
# library, or a metapackage.
"""

Mapped = dict[str, tuple[str, ...]]


def main(argv: Iterable[str]) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--from", dest="folder", type=Path, required=True, metavar="DIR")
    parser.add_argument("--date", required=True, help="of the mapping files")
    arguments = parser.parse_args([*argv])
    TABLE.write_text(table(arguments.folder, arguments.date), encoding="utf-8")
    shutil.copyfile(arguments.folder / "LICENSE", LICENCE)
    return 0


def table(folder: Path, date: str) -> str:
    """Return the table that a folder of mapping files makes."""
    lines = [HEADER.format(date=date).rstrip("\n")]
    for channel in CHANNELS:
        names = json.loads((folder / f"v0-{channel}-compressed_mapping.json").read_text("utf-8"))
        lines += section(channel, names)
    return "\n".join(lines) + "\n"


def section(channel: str, names: Mapping[str, list[str] | None]) -> Iterator[str]:
    """Return the two sections of a channel, line by line."""
    mapped = without_bundles(names)
    for conda, projects in SUPPLEMENT.get(channel, {}).items():
        if conda not in names:
            raise SystemExit(f"{conda} is not on {channel}: mend SUPPLEMENT")
        mapped[conda] = tuple(dict.fromkeys((*mapped.get(conda, ()), *projects)))
    yield f"[{channel} conda]"
    yield from in_order(
        conda if projects == (conda,) else f"{conda} {' '.join(projects)}"
        for conda, projects in mapped.items()
    )
    yield f"[{channel} pypi]"
    yield from in_order(inverse(mapped, frozenset(names)))


def without_bundles(names: Mapping[str, list[str] | None]) -> Mapped:
    """Drop projects that a package merely bundles: another package has that very name, and this one nothing like it."""
    own = {normalized(conda) for conda, projects in names.items() if projects}
    mapped = {}
    for conda, projects in names.items():
        name = normalized(conda)
        alone = len(projects or ()) == 1
        kept = [p for p in projects or () if p == name or p not in own or (alone and p in name)]
        if kept:
            mapped[conda] = tuple(sorted(kept, key=lambda project: (project != name, project)))
    return mapped


def inverse(mapped: Mapped, on_channel: frozenset[str]) -> Iterator[str]:
    """Yield a line for each PyPI project that is not simply the conda package of its name."""
    holders: dict[str, list[str]] = defaultdict(list)
    for conda, projects in mapped.items():
        for project in projects:
            holders[project].append(conda)
    for project, found in holders.items():
        found.sort(key=lambda conda: (normalized(conda) != project, len(conda), conda))
        if found != [project]:
            other = f" ({project})" if project in on_channel and project not in found else ""
            yield f"{project} {' '.join(found)}{other}"


def in_order(lines: Iterable[str]) -> list[str]:
    """Sort lines by their first word, as bytes: what the look-up bisects by."""
    return sorted(lines, key=lambda line: line.split(" ", 1)[0].encode())


def normalized(name: str) -> str:
    """Return a name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
