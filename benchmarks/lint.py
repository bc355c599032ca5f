"""What lint costs: one file against starting Python with PyYAML and against yamllint; a corpus against parsing it."""

from __future__ import annotations

import resource
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

PARSE_ALL = """
import sys, yaml
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        yaml.load(file, Loader=yaml.CSafeLoader)
"""


def main() -> None:
    """Print both comparisons; the second where the corpus is on this machine."""
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


def _peak(command: Sequence[str | Path]) -> int:
    """Return the most memory that a command held, in MiB."""
    subprocess.run(command, capture_output=True, check=False)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10


if __name__ == "__main__":
    main()
