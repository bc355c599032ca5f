"""``conda lockstep …``: conda finds it by its entry point, at next to no cost.

conda cannot be had from PyPI, so a stand-in takes its place: pluggy's hook, the entry points of the group ``conda``,
and all that follows the subcommand handed on, as conda 26 has them (conda/plugins/manager.py, hookspec.py, types.py and
cli/conda_argparse.py).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = """\
import pluggy

hookspec = pluggy.HookspecMarker("conda")
hookimpl = pluggy.HookimplMarker("conda")


class CondaSpecs:
    @hookspec
    def conda_subcommands(self):
        "Register external subcommands in conda."
"""
TYPES = """\
class CondaSubcommand:
    def __init__(self, *, name, summary, action, configure_parser=None, aliases=()):
        self.name, self.summary, self.action = name.lower().strip(), summary, action
        self.configure_parser, self.aliases = configure_parser, aliases
"""
CONDA = """\
import sys
from importlib.metadata import distributions

import pluggy

import conda.plugins.types
from conda.plugins import CondaSpecs


def subcommands():
    manager = pluggy.PluginManager("conda")
    manager.add_hookspecs(CondaSpecs)
    for distribution in distributions():
        for entry in distribution.entry_points:
            # conda-lock is a plugin, too, and is here for other tests.
            if entry.group == "conda" and entry.name == "conda-lockstep":
                plugin = entry.load()
                if not manager.get_plugin(plugin.__name__):
                    manager.register(plugin, plugin.__name__)
    return {item.name: item for items in manager.hook.conda_subcommands() for item in items}


before = set(sys.modules)
found = subcommands()
if sys.argv[1] == "--modules":
    print(*sorted(set(sys.modules) - before))
else:
    assert found[sys.argv[1]].configure_parser is None
    sys.exit(found[sys.argv[1]].action(tuple(sys.argv[2:])))
"""


@pytest.fixture(scope="module")
def conda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that loads plugins as conda does."""
    folder = tmp_path_factory.mktemp("conda")
    package = folder / "conda" / "plugins"
    package.mkdir(parents=True)
    (folder / "conda" / "__init__.py").touch()
    (package / "__init__.py").write_text(PLUGINS)
    (package / "types.py").write_text(TYPES)
    (folder / "run.py").write_text(CONDA)
    return folder / "run.py"


def run(conda: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, conda, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_conda_start_loads_the_plugin_and_nothing_else_of_ours(conda: Path, tmp_path: Path) -> None:
    done = run(conda, "--modules", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "conda_lockstep.conda_plugin" in loaded
    ours = {name for name in loaded if name.startswith("conda_lockstep")}
    assert ours == {"conda_lockstep", "conda_lockstep.conda_plugin"}
    assert not loaded & {"argparse", "yaml", "asyncio", "rattler", "packaging", "subprocess", "dataclasses"}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--version",), 0, "conda-lockstep "),
        (("lint", "--help"), 0, "usage: lockstep lint"),
        (("lint", "missing.yml"), 2, "lockstep: missing.yml: no such file; check the path\n"),
        (("nonsense",), 2, "lockstep: argument COMMAND: invalid choice: 'nonsense'"),
        (
            ("lint", "environment.yml"),
            1,
            "environment.yml:3:5: warning unpinned-conda: 'numpy' is unpinned",
        ),
    ],
)
def test_what_follows_the_subcommand_is_a_command_line_of_ours(
    conda: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    (tmp_path / "environment.yml").write_text(
        "channels: [conda-forge, nodefaults]\ndependencies:\n  - numpy\n"
    )
    done = run(conda, "lockstep", *arguments, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr


def test_an_exit_status_survives_the_solver(conda: Path, tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("channels: [nowhere]\ndependencies:\n  - a: 1\n")
    done = run(conda, "lockstep", "lock", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "lockstep: environment.yml:3:5: 'a: 1' is a mapping, not a package; write 'a=1'\n"
