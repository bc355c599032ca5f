"""``make demo``: lint, lock, build, verify and diff, with a channel and a PyPI index made on this machine.

Usage: python -m scripts.demo [FOLDER]

The files stay in ``demo/``, where each printed command can be run again. Once ``.cache/forge`` is filled, no network is
needed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.forge import Channel, Forge, build_forge

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "demo"

TUTORIAL = """\
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

ENVIRONMENT = """\
name: train
channels:
  - forge
  - nodefaults
dependencies:
  - python={python}
  - numpy=2.2
  - pytorch=2.4.*=cuda*
  - pyyaml=6.0
  - requests=2.32
  - tqdm=4.67
  - pip=25.0
  - pip:
      - humanize==4.12.0
"""

SETTINGS = """\
# The lock records conda.anaconda.org and pypi.org; packages are fetched from these folders.
[mirrors]
"https://conda.anaconda.org/forge" = "{channel}"
"https://pypi.org/simple" = "{pypi}"
"""


QUIET_PIP = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}


def main(demo: Path = DEMO) -> int:
    """Run the chapters in a folder, which is made anew; return the exit status."""
    forge = build_forge()
    shutil.rmtree(demo, ignore_errors=True)
    project = demo / "project"
    channel = forge.copy(demo / "channel")
    shutil.copytree(forge.pypi, demo / "pypi")
    index = (demo / "pypi" / "simple").as_uri()
    lint_the_tutorial(demo / "tutorial")
    lock_and_build(project, forge, channel, index)
    change_a_package(project, index)
    release_upstream(project, channel)
    say(f"Open the drift report in a browser: {os.path.relpath(demo / 'comment.html')}")
    return 0


def lint_the_tutorial(folder: Path) -> None:
    """The file that tutorials teach, linted and fixed."""
    chapter("1. Lint an environment.yml from a tutorial")
    folder.mkdir(parents=True)
    (folder / "environment.yml").write_text(TUTORIAL)
    show(folder / "environment.yml")
    lockstep("lint", "environment.yml", cwd=folder, expect=1)
    say("--fix applies safe fixes. --unsafe-fixes also applies fixes that change what is installed:")
    shutil.copy(folder / "environment.yml", folder / "before.yml")
    lockstep("lint", "--fix", "--unsafe-fixes", "environment.yml", cwd=folder, expect=1)
    run("diff", "-u", "before.yml", "environment.yml", cwd=folder, expect=1)


def lock_and_build(project: Path, forge: Forge, channel: Channel, index: str) -> None:
    """A file for the forge's channel, locked for a CUDA machine and built here."""
    chapter("2. Lock once, build the same everywhere")
    project.mkdir()
    python = forge.python_version.rpartition(".")[0]
    (project / "environment.yml").write_text(ENVIRONMENT.format(python=python))
    (project / "lockstep.toml").write_text(SETTINGS.format(channel=channel.url, pypi=index))
    show(project / "environment.yml")
    show(project / "lockstep.toml")
    lockstep("lint", "environment.yml", cwd=project)
    lockstep("lock", "--cuda", "12.4", cwd=project)
    lockstep("lock", "--check", cwd=project)
    lockstep("build", "--prefix", "env", cwd=project)
    run(
        "env/bin/python",
        "-c",
        "import numpy, torch; print(numpy.__version__, torch.version.cuda)",
        cwd=project,
    )
    say(
        "On a GPU node, verify also compares the driver with what the lock needs. This machine may have none:"
    )
    lockstep("verify", "--ignore-machine", "--prefix", "env", cwd=project)


def change_a_package(project: Path, index: str) -> None:
    """Change a package with pip, as happens on a node."""
    chapter("3. A user runs pip on one node")
    pip = ("env/bin/python", "-m", "pip", "install", "--quiet", "--index-url", index, "numpy==2.2.6")
    run(*pip, cwd=project)
    lockstep("verify", "--ignore-machine", "--prefix", "env", cwd=project, expect=1)


def release_upstream(project: Path, channel: Channel) -> None:
    """Release packages upstream, and show the drift that an update brings."""
    chapter("4. A week later, upstream has new releases")
    for package in ("numpy", "idna", "jinja2", "requests", "urllib3"):
        channel.release(package)
    shutil.copy(project / "conda-lock.yml", project / "before.conda-lock.yml")
    lockstep("lock", "--cuda", "12.4", cwd=project)
    say("The lock keeps its versions. --update-all takes the new ones:")
    lockstep("lock", "--cuda", "12.4", "--update-all", cwd=project)
    say("The drift as a comment on a pull request, and as an HTML report:")
    comment = ("diff", "before.conda-lock.yml", "conda-lock.yml", "--format")
    lockstep(*comment, "markdown", cwd=project, expect=1)
    lockstep(*comment, "html", "--output", "../comment.html", cwd=project, expect=1)


def lockstep(*arguments: str, cwd: Path, expect: int = 0) -> None:
    """Run a lockstep command."""
    run("lockstep", *arguments, cwd=cwd, expect=expect)


def run(*command: str, cwd: Path, expect: int = 0) -> None:
    """Print a command and run it; end the demo if its exit status is not the expected one."""
    say(f"$ {' '.join(shlex.quote(word) for word in command)}", "1")
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, **QUIET_PIP}
    status = subprocess.run(command, cwd=cwd, env=env).returncode
    if status != expect:
        sys.exit(f"demo: exit status {status}, expected {expect}")


def chapter(title: str) -> None:
    """Print a heading."""
    say(f"\n{title}\n{'─' * len(title)}", "1;36")


def show(path: Path) -> None:
    """Print a file under its name."""
    say(f"$ cat {path.name}", "1")
    print(path.read_text(), flush=True)


def say(text: str, style: str = "") -> None:
    """Print a line, styled on a terminal."""
    styled: Sequence[str] = (
        ("\x1b[", style, "m", text, "\x1b[0m") if style and sys.stdout.isatty() else (text,)
    )
    print("".join(styled), flush=True)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
