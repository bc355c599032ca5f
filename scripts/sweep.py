"""Lock every environment file of the corpus against its real metadata, and count how that ends, by kind.

``python -m scripts.sweep [--cuda X.Y] [--show]``: the conda parts, as the corpus has no index; ``--show`` prints what
each file that does not lock is told.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.corpus import ABSENT, find_corpus
from tests.support.http_server import serve

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.environment_file import EnvironmentFile, PipSection
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.update.make import Settings, make_lock, solver_for

KINDS = (
    ("no channels in the file", r"no channels, so every machine"),
    ("a channel that the corpus lacks", r"the channel answers 404"),
    ("entries that are no specs", r"is no match spec|is a selector|is a mapping|nothing to lock"),
    ("no package of that name", r"no package '"),
    ("no such version or build", r"no (?:version|build) fits"),
    ("a package in another channel", r"choose another channel"),
    ("a clash, with a change that works", r"what works:"),
    ("a clash, with a beginning", r"a beginning:"),
    ("a machine that lacks something", r"--cuda|the machine is assumed to have"),
    ("a clash that only leaving out ends", r"change or remove them|change it, or remove it"),
    ("a variable that is not set", r"environment variable"),
)


def main() -> None:
    """Lock each file, and print how many ended in which way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuda", default="12.9")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    corpus = find_corpus()
    if corpus is None:
        sys.exit(ABSENT)
    counts: Counter[str] = Counter()
    with serve(corpus / "channels") as server, tempfile.TemporaryDirectory() as cache:
        mirrors = {
            "https://conda.anaconda.org": server.url,
            "https://repo.anaconda.com": f"{server.url}/none",
        }
        settings = Settings(
            ("linux-64",), cuda=options.cuda, mirrors=Mirrors(mirrors, TRUSTED), cache=Path(cache), seconds=10
        )
        solver = solver_for(settings)
        for path in sorted((corpus / "environments").rglob("*.y*ml")):
            try:
                make_lock(_conda_part(read(path, shown_as=path.name)), settings, solver)
            except LockstepError as error:
                counts[_kind(str(error))] += 1
                if options.show:
                    print("\n".join((f"== {path.name}", *error.detail, f"lockstep: {error}", "")))
            else:
                counts["locked"] += 1
    for kind, number in counts.most_common():
        print(f"{number:4}  {kind}")


def _conda_part(file: EnvironmentFile) -> EnvironmentFile:
    """Return a file whose pip sections are empty; ``pip`` itself is still asked for."""
    emptied = tuple(
        entry._replace(items=()) if isinstance(entry, PipSection) else entry for entry in file.dependencies
    )
    return file._replace(dependencies=emptied)


def _kind(message: str) -> str:
    return next((kind for kind, pattern in KINDS if re.search(pattern, message)), f"other: {message}")


if __name__ == "__main__":
    main()
