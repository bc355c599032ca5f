"""``make demo``: the main job in a terminal, on a channel and a PyPI index made on this machine.

Everything is left in ``demo/``, and what is printed can be typed again there. No network, once the forge's packages
are in ``.cache/forge``.
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
# What the lock names stays conda.anaconda.org and pypi.org; what is fetched comes from here.
[mirrors]
"https://conda.anaconda.org/forge" = "{channel}"
"https://pypi.org/simple" = "{pypi}"
"""


QUIET_PIP = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}


def main() -> int:
    """Tell the story; return the exit status."""
    forge = build_forge()
    shutil.rmtree(DEMO, ignore_errors=True)
    project = DEMO / "project"
    channel = forge.copy(DEMO / "channel")
    shutil.copytree(forge.pypi, DEMO / "pypi")
    lint_the_tutorial(DEMO / "tutorial")
    lock_and_build(project, forge, channel)
    change_a_package(project)
    release_upstream(project, channel)
    say(f"The drift comment, as a page to open: {(DEMO / 'comment.html').relative_to(ROOT)}")
    return 0


def lint_the_tutorial(folder: Path) -> None:
    """The file that tutorials teach, linted and fixed."""
    chapter("1. The kind of environment.yml that tutorials teach")
    folder.mkdir(parents=True)
    (folder / "environment.yml").write_text(TUTORIAL)
    show(folder / "environment.yml")
    lockstep("lint", "environment.yml", cwd=folder, expect=1)
    say("Some of it can be mended in place. What changes what is installed needs a second word:")
    shutil.copy(folder / "environment.yml", folder / "before.yml")
    lockstep("lint", "--fix", "--unsafe-fixes", "environment.yml", cwd=folder, expect=1)
    run("diff", "-u", "before.yml", "environment.yml", cwd=folder, expect=1)


def lock_and_build(project: Path, forge: Forge, channel: Channel) -> None:
    """A file for the forge's channel, locked for a CUDA machine and built here."""
    chapter("2. Locked once, built the same everywhere")
    project.mkdir()
    python = forge.python_version.rpartition(".")[0]
    (project / "environment.yml").write_text(ENVIRONMENT.format(python=python))
    pypi = (DEMO / "pypi" / "simple").as_uri()
    (project / "lockstep.toml").write_text(SETTINGS.format(channel=channel.url, pypi=pypi))
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
    lockstep("verify", "--prefix", "env", cwd=project)


def change_a_package(project: Path) -> None:
    """One package changed behind conda's back, as it happens on a node."""
    chapter("3. Somebody runs pip on one node")
    index = (DEMO / "pypi" / "simple").as_uri()
    pip = ("env/bin/python", "-m", "pip", "install", "--quiet", "--index-url", index, "numpy==2.2.6")
    run(*pip, cwd=project)
    lockstep("verify", "--prefix", "env", cwd=project, expect=1)


def release_upstream(project: Path, channel: Channel) -> None:
    """Upstream releases appear, and the drift comment shows what they would change."""
    chapter("4. A week later, upstream has moved")
    for package in ("numpy", "idna", "jinja2", "requests", "urllib3"):
        channel.release(package)
    shutil.copy(project / "conda-lock.yml", project / "before.conda-lock.yml")
    lockstep("lock", "--cuda", "12.4", cwd=project)
    say("What is locked stays, until somebody asks for what is new:")
    lockstep("lock", "--cuda", "12.4", "--update-all", cwd=project)
    say("The same drift, as the comment on a pull request and as a page:")
    comment = ("diff", "before.conda-lock.yml", "conda-lock.yml", "--format")
    lockstep(*comment, "markdown", cwd=project, expect=1)
    lockstep(*comment, "html", "--output", "../comment.html", cwd=project, expect=1)


def lockstep(*arguments: str, cwd: Path, expect: int = 0) -> None:
    """Run a command of ours as a user types it."""
    run("lockstep", *arguments, cwd=cwd, expect=expect)


def run(*command: str, cwd: Path, expect: int = 0) -> None:
    """Print a command, run it, and stop the story where it ends otherwise than told."""
    say(f"$ {' '.join(shlex.quote(word) for word in command)}", "1")
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, **QUIET_PIP}
    status = subprocess.run(command, cwd=cwd, env=env).returncode
    if status != expect:
        sys.exit(f"demo: exit status {status}, where {expect} was expected")


def chapter(title: str) -> None:
    """Print a heading."""
    say(f"\n{title}\n{'─' * len(title)}", "1;36")


def show(path: Path) -> None:
    """Print a file under its name."""
    say(f"$ cat {path.name}", "1")
    print(path.read_text(), flush=True)


def say(text: str, style: str = "") -> None:
    """Print a line of the story, styled on a terminal."""
    styled: Sequence[str] = (
        ("\x1b[", style, "m", text, "\x1b[0m") if style and sys.stdout.isatty() else (text,)
    )
    print("".join(styled), flush=True)


if __name__ == "__main__":
    sys.exit(main())
