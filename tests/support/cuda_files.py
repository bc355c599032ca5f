"""Generated environment files that ask for CUDA in every way, and what lint and lock make of each.

``python -m tests.support.cuda_files COUNT [SEED]`` compares the two over the real metadata of the corpus.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.bounds import numbers, within
from conda_lockstep.conda.build_variants import device_of, named_frameworks
from conda_lockstep.conda.match_spec import CondaSpec, parse_conda
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import Config
from conda_lockstep.environment.device_choice import device_choice
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.solve.solve import Solver
from conda_lockstep.lock.update.make import Settings, make_locks

Built: TypeAlias = Literal["cuda", "cpu", "none"]
"""What a solver installs of a framework; "none" if it cannot solve the file."""
Said: TypeAlias = Literal["cuda", "cpu", "driver", "undecided", "error"]
"""What lint says of it: selected; a CPU build where no driver is visible; not selected; or the selection is wrong."""

DRIVER = "12.9"
RULES = ("channel-order", "cpuonly-conflict", "cuda-conflict", "gpu-variant-unspecified")
MORE = ("pytorch-cuda-without-channel", "torch-family-mismatch", "cudatoolkit-12", "exact-cuda-version")
FRAMEWORKS = ("pytorch", "tensorflow", "jaxlib")

_VERSIONS = {
    "=1.10": (8, 9), "=1.11": (8, 9, 10), "=1.12": (8, 9, 10), "=1.13": (9, 10), "=2.0": (9, 10, 11),
    "=2.1": (10, 11), "=2.3": (11, 12), "=2.4": (10, 11, 12), "=2.5": (11, 12), "=2.8": (11, 12), "=2.9": (11, 12),
    ">=1.8": (8, 9, 10, 11), ">=2": (9, 10, 11), ">=1.10,<2": (8, 9, 10), "<1.13": (8, 9, 10),
    "==2.0.1": (9, 10, 11), ">=2.6": (11, 12), "": (8, 9, 10, 11, 12),
}  # fmt: skip
"""Versions of PyTorch, and the minor versions of Python 3 that some build of each is for."""
_BUILDS = ("=*cuda*", "=*cpu*", "=*cu*", "=*cuda11*")
_CUDA = (
    "cudatoolkit=11.3", "cudatoolkit=11.8", "cudatoolkit=10.2", "pytorch-cuda=11.6", "pytorch-cuda=11.7",
    "pytorch-cuda=11.8", "pytorch-cuda=12.1", "pytorch-cuda=12.4", "cuda-version=11.8", "cuda-version=12.4",
    "cuda-version=12", "pytorch-gpu", "cpuonly", "pytorch-mutex=*=*cuda*", "pytorch-mutex=*=*cpu*", "tensorflow-gpu",
)  # fmt: skip


def generated(count: int, seed: int, packages: Container[str]) -> Iterator[str]:
    """Yield files with some channels in some order, a framework, and entries that ask for CUDA or CPU builds.

    ``packages`` are the names that the channels have.
    """
    rng = random.Random(seed)
    cuda = [entry for entry in _CUDA if entry.partition("=")[0] in packages]
    for _ in range(count):
        channels = rng.sample(["pytorch", "nvidia", "conda-forge"], rng.choice((1, 2, 2, 3, 3, 3)))
        name = rng.choice(("pytorch",) * 8 + FRAMEWORKS[1:])
        prefix = rng.choice(("",) * 8 + ("pytorch::", "conda-forge::")) if name == "pytorch" else ""
        version = rng.choice([*_VERSIONS]) if name == "pytorch" else ""
        entries = [f"python=3.{rng.choice(_VERSIONS[version])}"] if rng.random() < 0.7 else []
        build = rng.choice(_BUILDS) if rng.random() < 0.15 else ""
        entries.append(f"'{prefix}{name}{version or ('=*' if build else '')}{build}'")
        entries += rng.sample(cuda, rng.choice((0, 0, 1, 1, 1, 1, 2)))
        listed = "".join(f"  - {entry}\n" for entry in entries)
        yield f"channels: [{', '.join((*channels, 'nodefaults'))}]\ndependencies:\n{listed}"


class Compared(NamedTuple):
    """A file, what lint says of it, and what a solver installs without a driver and with one."""

    text: str
    said: Said
    without_driver: Built
    with_driver: Built

    @property
    def disagree(self) -> bool:
        """Return whether lint says of the build what the solver does not do."""
        both = {self.without_driver, self.with_driver} - {"none"}
        match self.said:
            case "cuda":
                return "cpu" in both
            case "cpu":
                return "cuda" in both
            case "driver":
                return self.without_driver == "cuda"
        return False


class Comparison:
    """Compares what lint says with what a solver of some channels does; ``url`` stands in for conda.anaconda.org."""

    def __init__(self, url: str, cache: Path) -> None:
        self.cache = cache
        self.mirrors = Mirrors({"https://conda.anaconda.org": url}, TRUSTED)
        self.solver = Solver(self.mirrors, cache=cache / "repodata")

    def compare(self, text: str) -> Compared:
        """Lint a file, and solve it with a driver and without."""
        return Compared(text, self.said(text), self.built(text, ""), self.built(text, DRIVER))

    def said(self, text: str) -> Said:
        """Return what lint says of the framework's build."""
        config = Config()
        found = lint.lint(
            lint.parse_text(text, "environment.yml"), lint.select(config, (*RULES, *MORE)), config
        )
        if any(finding.severity == "error" for finding in found):
            return "error"
        variant = [finding for finding in found if finding.rule == "gpu-variant-unspecified"]
        if variant:
            by_driver = variant[0].message.endswith("without a visible driver it is a CPU build")
            return "driver" if by_driver else "undecided"
        entries = read_entries(parse(text, "environment.yml"))
        entry = entries.named(*FRAMEWORKS)[0]
        chosen = device_choice(entries, entry, named_frameworks()[entry.spec.name]).chosen
        return "cuda" if chosen == "cuda" else "cpu" if chosen == "cpu" else "undecided"

    def built(self, text: str, cuda: str) -> Built:
        """Return what the solver installs of the framework."""
        file = parse(text, "environment.yml")
        settings = Settings(("linux-64",), mirrors=self.mirrors, cache=self.cache, cuda=cuda, cpu_allow=None)
        try:
            (lock,) = make_locks(file, settings, self.solver, ()).values()
        except LockstepError:
            return "none"
        packages = lock.platforms["linux-64"]
        found = next(package for package in packages.values() if package.name in FRAMEWORKS)
        return "cuda" if device_of(found, "linux-64") == "cuda" else "cpu"

    def after_fix(self, text: str) -> str:
        """Return a file with all fixes of these rules applied, also the unsafe ones."""
        config = Config()
        chosen = lint.select(config, (*RULES, *MORE, "channels"))
        return lint.fix(lint.parse_text(text, "environment.yml"), chosen, config, unsafe=True).text


class RealBuilds:
    """Which CUDA builds the corpus has: it is a subset of the channels, and a build that it lacks proves nothing."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.records = [
            record for record in records if record["name"] in FRAMEWORKS and record["subdir"] == "linux-64"
        ]

    def prove(self, compared: Compared) -> bool:
        """Return whether the corpus has what lint reports on: the release, and if need be a CUDA build of it."""
        if compared.said in ("error", "undecided"):
            return True
        return (
            self.has_cuda_build(compared.text)
            if compared.said != "cpu"
            else bool(self._newest(compared.text))
        )

    def has_cuda_build(self, text: str) -> bool:
        """Return whether the newest release that a file allows has a CUDA build for its Python and its CUDA."""
        entries = read_entries(parse(text, "environment.yml"))
        entry = entries.named(*FRAMEWORKS)[0]
        choice = device_choice(entries, entry, named_frameworks()[entry.spec.name])
        cuda = next((each.spec.version.lstrip("=") for each in entries.named(*choice.selectors)), "")
        return any(f"cuda{cuda}" in record["build"] for record in self._newest(text))

    def _newest(self, text: str) -> list[dict[str, Any]]:
        """Return the builds of the newest release that a file allows, in the channel that lint takes it from."""
        entries = read_entries(parse(text, "environment.yml"))
        entry = entries.named(*FRAMEWORKS)[0]
        builds = device_choice(entries, entry, named_frameworks()[entry.spec.name]).builds
        python = next((each.spec.version.lstrip("=") for each in entries.named("python")), "3.")
        fitting = [
            record
            for record in self.records
            if (record["name"], record["channel"]) == (entry.spec.name, builds.source if builds else "")
            and _allows(entry.spec, record["version"])
            and any(_is_for(python, depends) for depends in record["depends"])
        ]
        newest = max((_release(record["version"]) for record in fitting), default=())
        return [record for record in fitting if _release(record["version"]) == newest]


def _allows(spec: CondaSpec, version: str) -> bool:
    exact = parse_conda(f"{spec.name}=={version}")
    assert isinstance(exact, CondaSpec)
    allowed, release = within(spec), within(exact).low or ()
    low, high = allowed.low or (), allowed.high
    return release >= low and (high is None or release < high or (release == high and allowed.closed_high))


def _is_for(python: str, depends: str) -> bool:
    return depends.startswith(f"python >={python},") or (depends.startswith("python >=3.") and python == "3.")


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[: numbers(version)])


def main() -> int:
    """Compare over the corpus, and print what disagrees, and how often each answer was given."""
    from tests.support.corpus import CORPUS
    from tests.support.http_server import serve
    from tests.support.repodata import repodata

    count, seed = int(sys.argv[1]), int((sys.argv[2:] or ["0"])[0])
    answers: Counter[tuple[str, ...]] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, serve(CORPUS / "channels") as server:
        comparison = Comparison(server.url, Path(folder))
        records = repodata(CORPUS / "channels")
        real = RealBuilds(records)
        for text in generated(count, seed, {record["name"] for record in records}):
            compared = comparison.compare(text)
            proves = real.prove(compared)
            answers[
                (
                    compared.said,
                    compared.without_driver,
                    compared.with_driver,
                    "" if proves else "not in corpus",
                )
            ] += 1
            if compared.disagree and proves:
                wrong += 1
                print(
                    f"lint says {compared.said}; solved {compared.without_driver}, {compared.with_driver}\n{text}"
                )
            after = comparison.after_fix(text)
            loses = (
                compared.with_driver == "cuda" and after != text and comparison.built(after, DRIVER) == "cpu"
            )
            if loses and real.has_cuda_build(after) and comparison.said(after) != "cpu":
                wrong += 1
                print(f"the fix loses CUDA\n{text}\n{after}")
    for answer, times in sorted(answers.items()):
        print(f"{times:6}  {'  '.join(answer)}")
    print(f"{count} files, {wrong} disagree")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
