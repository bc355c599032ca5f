"""Change the code in small ways, one at a time, and show for which changes no test fails.

``python -m scripts.mutants [--sample N] [--jobs N] [--again FILE] [PATH…]``: the mutants are mutmut's (fetched into
``.cache``), of all functions of ``rules/`` and ``environment/`` or of the modules named. mutmut itself leaves out what
stands under a decorator, which every rule does. Here one process has loaded all tests and knows which lines each of
them runs; for each mutant it forks, exchanges the code of one function, and runs the tests that come by until one
fails. Each mutant becomes a line of ``.cache/mutants.jsonl``.
"""

from __future__ import annotations

import argparse
import difflib
import gc
import importlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import _lru_cache_wrapper, cache, lru_cache
from itertools import groupby
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src"
PACKAGES = ("lint", "environment", "conda", "text")
CACHE = REPOSITORY / ".cache"
RESULTS = CACHE / "mutants.jsonl"
MUTMUT = "mutmut==3.8.1"
TESTS = (
    "tests/lint", "tests/environment", "tests/conda", "tests/text", "tests/hooks", "tests/lock/update/test_pin.py",
    "tests/render/findings", "tests/cli/environment", "tests/cli/test_lint_installs.py", "tests/cli/test_lint_locks.py",
)  # fmt: skip
# These bound time, start a process that would not have the mutant, or need the solver's threads, which no fork has.
NOT = (
    "test_hostile", "no_time", "bounded_time", "on_the_corpus", "builds_the_same_table", "what_lockstep_lock_writes"
)  # fmt: skip
MEMORY = 4 << 30


@dataclass(frozen=True, slots=True)
class Mutant:
    """A function as it could be written wrongly. ``lines`` are those of its file at which tests come by."""

    module: str
    function: str
    lines: tuple[int, int]
    original: str
    mutated: str
    killer: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells a mutant from others, wherever its function stands by now."""
        return self.module, self.function, self.mutated

    def diff(self) -> str:
        """Return what differs, without context."""
        lines = difflib.unified_diff(self.original.splitlines(), self.mutated.splitlines(), n=0, lineterm="")
        return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def main() -> None:
    """Make mutants, run tests on each, and show how many were killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="modules to mutate, instead of all")
    parser.add_argument("--sample", type=int, help="take this many mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10, help="of tests for each mutant, at most")
    parser.add_argument("--again", type=Path, help="take what survived in an earlier .jsonl")
    options = parser.parse_args()
    paths = [path.resolve() for path in options.paths] or [
        path for name in PACKAGES for path in sorted((SOURCE / "conda_lockstep" / name).rglob("*.py"))
    ]
    found = [one for path in paths for one in mutants_of(path)]
    if options.again:
        alive = {one.key for one in read(options.again) if one.killer is None}
        found = [one for one in found if one.key in alive]
    random.Random(options.seed).shuffle(found)
    print(f"{len(found)} mutants, of which {len(found[: options.sample])} are run", flush=True)
    runner = Runner(found[: options.sample], options.jobs, options.seconds)
    arguments = [
        *TESTS, "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--hypothesis-profile", "mutants",
        "-o", "tmp_path_retention_policy=none", "-k", " and ".join(f"not {name}" for name in NOT),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        pytest.main([*arguments, "--basetemp", f"{folder}/tests"], plugins=[runner])
    show(runner.done)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield mutmut's mutants of all functions and methods of a module."""
    _fetch_mutmut()
    import libcst as cst
    from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
    from mutmut.mutation import file_mutation
    from mutmut.mutation.pragma_handling import IgnoredCode

    class Visitor(file_mutation.MutationVisitor):  # type: ignore[misc]
        def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
            # The decorator itself is skipped as ever.
            decorated = isinstance(node, cst.FunctionDef) and bool(node.decorators)
            return not decorated and super()._skip_node_and_children(node)

    wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
    visitor = Visitor(file_mutation.mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    places, parents = wrapper.resolve(PositionProvider), wrapper.resolve(ParentNodeProvider)
    module = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for mutation in visitor.mutations:
        function, node = mutation.contained_by_top_level_function, mutation.original_node
        if not isinstance(function, cst.FunctionDef):
            continue
        compound = cst.BaseCompoundStatement
        while not isinstance(node, cst.SimpleStatementLine | compound) and not isinstance(
            parents[node], compound
        ):
            node = parents[node]
        place = places[function.body if isinstance(node, cst.Parameters) else node]
        outer = parents.get(parents[function])
        name = f"{outer.name.value}." if isinstance(outer, cst.ClassDef) else ""
        whole = function.with_changes(decorators=(), leading_lines=())
        mutated = whole.deep_replace(mutation.original_node, mutation.mutated_node)
        yield Mutant(
            module, name + function.name.value, (place.start.line, place.end.line),
            cst.Module([whole]).code, cst.Module([mutated]).code,
        )  # fmt: skip


def show(done: Sequence[Mutant]) -> None:
    """Print what survived, and the rate of what did not by module."""
    alive = [one for one in done if one.killer is None]
    for one in sorted(alive, key=lambda one: (one.module, one.lines)):
        print(f"\n{one.module}:{one.lines[0]} {one.function}\n{one.diff()}")
    made, left = (Counter(one.module for one in some) for some in (done, alive))
    print()
    for module, count in sorted(made.items()):
        print(f"{1 - left[module] / count:7.1%}  {left[module]:4} of {count:4} alive  {module}")
    print(f"{1 - len(alive) / len(done):7.1%}  {len(alive):4} of {len(done):4} alive")


class Runner:
    """A plugin for pytest that runs the tests once, and then those which matter for each mutant."""

    def __init__(self, mutants: Sequence[Mutant], jobs: int, seconds: float) -> None:
        self.mutants, self.jobs, self.seconds = mutants, jobs, seconds
        self.done: list[Mutant] = []
        self._came_by: dict[tuple[str, int], set[pytest.Item]] = defaultdict(set)
        self._took: dict[pytest.Item, float] = {}
        self._killers: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        """Have Hypothesis give every mutant the same examples, and be content with the first that fails."""
        from hypothesis import Phase, settings

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", derandomize=True, database=None, deadline=None, phases=phases)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        self._run_all(session.items)
        gc.collect()
        _functions()
        # What is frozen is not looked at again, nor copied into each process that is forked.
        gc.freeze()
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_bytes(b"")
        workers = [
            _fork(lambda part=part: self._work(self.mutants[part :: self.jobs])) for part in range(self.jobs)
        ]
        for worker in workers:
            os.waitpid(worker, 0)
        self.done = list(read(RESULTS))
        return True

    def _run_all(self, items: Sequence[pytest.Item]) -> None:
        """Run every test as it is, and note where it comes by; what session fixtures made is kept."""
        _fetch_mutmut()
        from coverage import Coverage

        tracer = Coverage(data_file=None, include=[f"{SOURCE}/conda_lockstep/{name}/*" for name in PACKAGES])
        tracer.start()
        sound = {}
        for item, after in zip(items, [*items[1:], items[0]], strict=True):
            _forget()
            tracer.switch_context(item.nodeid)
            began = time.process_time()
            failure = _failure(item, after)
            self._took[item] = time.process_time() - began
            if failure:
                print(f"left out, as it fails without any change: {item.nodeid}: {failure}")
            else:
                sound[item.nodeid] = item
        tracer.stop()
        data = tracer.get_data()
        for file in data.measured_files():
            for line, names in data.contexts_by_lineno(file).items():
                self._came_by[file, line] = {sound[name] for name in names if name in sound}

    def _work(self, mutants: Iterable[Mutant]) -> None:
        for mutant in mutants:
            tests = self._tests_of(mutant)
            killer = self._killer(mutant, tests)
            if killer in tests:
                self._killers[mutant.module, mutant.function].insert(0, killer)
            with RESULTS.open("a", encoding="utf-8") as file:
                name = killer.nodeid if isinstance(killer, pytest.Item) else killer
                file.write(json.dumps(asdict(replace(mutant, killer=name))) + "\n")

    def _tests_of(self, mutant: Mutant) -> list[pytest.Item]:
        """Return the tests that come by, first those which are likely to see the change."""
        file = str(importlib.import_module(mutant.module).__file__)
        first, last = mutant.lines
        tests = set().union(*(self._came_by.get((file, line), ()) for line in range(first, last + 1)))
        known = self._killers[mutant.module, mutant.function][:20]
        order: list[tuple[float, pytest.Item]] = []
        # The module's own tests come first, and of every other file some; what takes long has to wait.
        for path, items in groupby(sorted(tests, key=lambda item: (item.path, self._took[item])), _path):
            is_own = not set(mutant.module.split(".")[2:]).isdisjoint(path.stem.split("_"))
            order += [
                (5 * self._took[item] + (rank / 10 if is_own else rank), item)
                for rank, item in enumerate(items)
            ]
        order.sort(key=lambda entry: entry[0])
        chosen, left = [item for item in dict.fromkeys(known) if item in tests], self.seconds
        for _, item in order:
            if item not in known and left > 0:
                chosen.append(item)
                left -= self._took[item]
        return chosen

    def _killer(self, mutant: Mutant, tests: Sequence[pytest.Item]) -> pytest.Item | str | None:
        """Return the first test that fails with a mutant, or how the process ended; None where all pass."""
        if not tests:
            return None
        reader, writer = os.pipe()

        def run() -> None:
            seconds = 5 + int(3 * sum(self._took[item] for item in tests))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            signal.alarm(5 * seconds)
            _install(mutant)
            tests[0].session._setupstate.teardown_exact(tests[0])
            for number, (item, after) in enumerate(zip(tests, [*tests[1:], tests[0]], strict=True)):
                if _failure(item, after):
                    os.write(writer, str(number).encode())
                    return

        child = _fork(run)
        os.close(writer)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reader) as file:
            number = file.read()
        return tests[int(number)] if number else f"status {status}" if status else None


def read(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of an earlier run."""
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        yield Mutant(**{**fields, "lines": tuple(fields["lines"])})


def _install(mutant: Mutant) -> None:
    """Give the function that is there, whoever holds it, the mutant's code."""
    scope = dict(vars(importlib.import_module(mutant.module)))
    owner, _, name = mutant.function.rpartition(".")
    # A method that calls super() can only be compiled in a class.
    text = f"class {owner}:\n{textwrap.indent(mutant.mutated, '    ')}" if owner else mutant.mutated
    exec(compile(f"from __future__ import annotations\n{text}", "mutant", "exec"), scope)
    new = vars(scope[owner])[name] if owner else scope[name]
    for one in _functions()[mutant.module, mutant.function]:
        one.__code__, one.__defaults__, one.__kwdefaults__ = (
            new.__code__,
            new.__defaults__,
            new.__kwdefaults__,
        )
    _forget()


@cache
def _functions() -> dict[tuple[str, str], list[FunctionType]]:
    """Return all functions by module and name; those under a decorator too, which no module holds."""
    found: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__module__ and one.__module__.startswith("conda_lockstep."):
            found[one.__module__, one.__qualname__].append(one)
    return dict(found)


def _forget() -> None:
    """Empty the caches: what an earlier test left there, this one would not ask for."""
    for one in _caches(len(sys.modules)):
        one.cache_clear()


@lru_cache(maxsize=1)
def _caches(modules: int) -> list[Any]:
    """Return the caches of the package; to look for them takes long, and only new modules bring new ones."""
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, _lru_cache_wrapper) and one.__module__.startswith("conda_lockstep.")
    ]


def _path(item: pytest.Item) -> Path:
    return item.path


def _failure(item: pytest.Item, after: pytest.Item) -> str:
    """Run a test, and return the last line of what is said if it fails."""
    failed = [report for report in runtestprotocol(item, log=False, nextitem=after) if report.failed]
    return (str(failed[0].longrepr).splitlines() or ["it fails"])[-1] if failed else ""


def _fork(run: Any) -> int:
    """Run something in a process of its own, and return its number."""
    child = os.fork()
    if child:
        return child
    try:
        run()
    except BaseException as error:
        print(error, file=sys.stderr)
        os._exit(1)
    os._exit(0)


def _fetch_mutmut() -> None:
    """Install mutmut beside the environment, not into it: it brings a pytest of its own."""
    folder = CACHE / "mutmut"
    if not (folder / "mutmut").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), MUTMUT]
        subprocess.run(command, check=True)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


if __name__ == "__main__":
    main()
