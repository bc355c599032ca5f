"""What lint costs: one file against starting Python with PyYAML and against yamllint; a corpus against parsing it.

Where the time of the corpus goes is told, too: a part of it that grows is a part to look at.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from _harness import compare

BIN = Path(sys.executable).parent
CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "environments"

ENVIRONMENT = """\
name: train
channels:
  - pytorch
  - conda-forge
  - defaults
dependencies:
  - python=3.9
  - numpy=1.21.0
  - scipy
  - pandas
  - pytorch=1.12.1
  - torchvision=0.13.1
  - torchaudio=0.12.1
  - cudatoolkit=11.3
  - pip
  - pip:
      - transformers==4.21.0
      - datasets
      - tensorboard
"""

UNRELATED = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{0}\ndata:\n"
    + "".join(f"  KEY_{number}: 'value {number}'\n" for number in range(30)),
    "services:\n  web-{0}:\n    image: nginx:1.27\n    ports: ['80:80']\n    environment:\n"
    + "".join(f"      - NAME_{number}=value\n" for number in range(20)),
    "name: build {0}\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
    + "".join(f"      - name: step {number}\n        run: make step-{number}\n" for number in range(15)),
    "openapi: 3.1.0\ninfo: {{title: service {0}, version: '1'}}\npaths:\n"
    + "".join(f"  /items/{number}:\n    get:\n      summary: item {number}\n" for number in range(15)),
)
"""YAML that is no environment file: of Kubernetes, Compose, a workflow elsewhere, and an API."""
COUNT_UNRELATED = 1000

PARSE_ALL = """
import sys, yaml
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        yaml.load(file, Loader=yaml.CSafeLoader)
"""

# As the command does it, but one step for all files after the other. Nothing is warm: it runs in a new process.
STEPS = """
import gc, sys, time
gc.disable()
laps = [time.process_time()]
from pathlib import Path
from conda_lockstep.config import Config
from conda_lockstep.environment import node_reader
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner
from conda_lockstep.render.findings import text
chosen, files = runner.select(Config()), []
laps.append(time.process_time())
for path in sys.argv[1:]:
    try:
        files.append(runner.read_file(Path(path)))
    except LockstepError:
        pass
laps.append(time.process_time())
findings = [finding for file in files for finding in runner.lint(file, chosen, Config())]
laps.append(time.process_time())
text.render(findings)
laps.append(time.process_time())
print(len(findings), *(end - start for start, end in zip([0.0, *laps], laps)))
"""
NAMES = ("start of Python", "import of lint and PyYAML", "read", "rules and findings", "text")


def main() -> None:
    """Print the comparisons; of the corpus where it is on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "environment.yml")
        file.write_text(ENVIRONMENT)
        commands = {
            "python -c 'import yaml'": [sys.executable, "-c", "import yaml"],
            "yamllint FILE": [BIN / "yamllint", file],
            "lockstep lint --select channels FILE": [BIN / "lockstep", "lint", "--select", "channels", file],
            "lockstep lint FILE": [BIN / "lockstep", "lint", file],
        }
        # In a folder without settings, as in most repositories: reading TOML is not what is measured.
        compare("lint of one file", commands, cwd=Path(folder))
    _compare_unrelated()
    files = sorted(CORPUS.glob("*.y*ml"))
    if not files:
        print("lint of the corpus: not measured, the corpus is not on this machine")
        return
    commands = {
        "CSafeLoader parses them": [sys.executable, "-c", PARSE_ALL, *files],
        "lockstep lint FILES": [BIN / "lockstep", "lint", *files],
    }
    with tempfile.TemporaryDirectory() as folder:
        compare(f"lint of {len(files)} files in one process", commands, cwd=Path(folder), runs=5)
    print(f"  memory of the latter, at most: {_peak(commands['lockstep lint FILES'])} MiB")
    _print_steps(files)


def _compare_unrelated() -> None:
    """Compare what the hook costs over YAML that is not its own with check-yaml of pre-commit-hooks."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.yaml") for number in range(COUNT_UNRELATED)]
        for number, file in enumerate(files):
            file.write_text(UNRELATED[number % len(UNRELATED)].format(number))
        commands = {
            "check-yaml FILES": [BIN / "check-yaml", *files],
            "lockstep lint --skip-unrelated FILES": [BIN / "lockstep", "lint", "--skip-unrelated", *files],
        }
        compare(f"{len(files)} unrelated YAML files", commands, cwd=Path(folder), runs=5)


def _print_steps(files: Sequence[Path]) -> None:
    """Print what each step of linting the corpus costs, in processor time."""
    runs = [
        subprocess.run([sys.executable, "-c", STEPS, *files], capture_output=True, check=True).stdout.split()
        for _ in range(5)
    ]
    print(f"  where its time goes (processor time, median of {len(runs)} runs; {int(runs[0][0])} findings)")
    for name, *seconds in zip(NAMES, *(run[1:] for run in runs), strict=True):
        print(f"    {name:<42} {statistics.median(map(float, seconds)) * 1000:9.1f} ms")


def _peak(command: Sequence[str | Path]) -> int:
    """Return the most memory that a command held, in MiB."""
    subprocess.run(command, capture_output=True, check=False)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10


if __name__ == "__main__":
    main()
