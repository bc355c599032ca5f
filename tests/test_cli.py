"""The command line: what it costs to start, and how it fails."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.cli.main import COMMANDS, _parser, _StoreOnce, main

CLEAN = "name: demo\nchannels: [conda-forge, nodefaults]\ndependencies:\n  - python=3.11\n  - numpy=2.1\n"


def modules_after(*argv: str) -> set[str]:
    """Return the modules that a run of the command line has loaded."""
    code = (
        "import sys\nfrom conda_lockstep.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", code, *argv], capture_output=True, text=True, check=True
    )
    return set(run.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize(
    "heavy",
    "rattler ghapi rich ruamel packaging asyncio conda_lockstep.lock.model.lock "
    "yaml difflib dataclasses inspect json subprocess".split(),
)
def test_lint_never_loads_what_it_does_not_need(tmp_path: Path, heavy: str) -> None:
    file = tmp_path / "environment.yml"
    file.write_text(CLEAN)
    assert heavy not in modules_after("lint", str(file))


@pytest.mark.parametrize("heavy", ["yaml", "rattler", "ghapi", "conda_lockstep.lint.engine.registry", "json"])
def test_help_loads_no_command(heavy: str) -> None:
    assert heavy not in modules_after("--help")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--nonsense"], "the following arguments are required: COMMAND"),
        (["lint", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["lint", "--format", "xml"], "invalid choice: 'xml'"),
        (["lint", "--select", "unpinned-cond", "x.yml"], "did you mean 'unpinned-conda'?"),
        (["lint", "no-such-file.yml"], "no-such-file.yml: no such file"),
        (["lint", "."], "no such files found below this folder; pass the files to look at"),
        (
            ["verify", "--lock", "a.yml", "--lock", "b.yml"],
            "argument --lock: specified more than once; see 'lockstep verify --help'",
        ),
        (
            ["lint", "--format", "json", "--format", "text"],
            "argument --format: specified more than once; see 'lockstep lint --help'",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(argv)
    except SystemExit as stop:
        status = int(str(stop.code))
    streams = capsys.readouterr()
    assert status == 2
    assert said in streams.err
    assert streams.err.count("\n") == 1
    assert streams.err.startswith("lockstep: ")


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            main([command.name, "--help"])
        assert stop.value.code == 0
        assert command.help[1:].partition(";")[0][:40] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_change_no_exit_status(tmp_path: Path, closed: str) -> None:
    (tmp_path / "environment.yml").write_text("dependencies: [numpy]\n")
    command = f"'{sys.executable}' -m conda_lockstep lint environment.yml {closed}"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("dependencies:\n" + "  - numpy\n" * 2000)
    command = f'"{sys.executable}" -m conda_lockstep lint "{file}" | head -1'
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert "Traceback" not in run.stderr


def test_no_single_valued_option_of_any_command_keeps_its_last_value() -> None:
    """Each option of each command that stores one value refuses a second one, except those that collect values."""
    checked = 0
    for command in COMMANDS:
        (subparsers,) = (
            action
            for action in _parser([command.name])._actions
            if isinstance(action, argparse._SubParsersAction)
        )
        parser = subparsers.choices[command.name]
        for action in parser._actions:
            if not action.option_strings or action.nargs == 0:
                continue
            collects = isinstance(action, argparse._AppendAction | argparse._ExtendAction)
            assert collects or isinstance(action, _StoreOnce), (command.name, action.option_strings)
            checked += 1
    assert checked > 60


def test_a_repeated_option_with_its_default_value_is_refused_as_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for values in (("text", "text"), ("json", "text"), ("text", "json")):
        with pytest.raises(SystemExit) as stop:
            main(["lint", *(word for value in values for word in ("--format", value))])
        assert stop.value.code == 2
        assert "argument --format: specified more than once" in capsys.readouterr().err
