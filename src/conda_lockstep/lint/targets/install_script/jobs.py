"""The jobs of a workflow: their commands and images."""

from __future__ import annotations

from conda_lockstep.lint.targets.install_script.calls import Call, CallOption, calls_in, read_options
from conda_lockstep.lint.targets.install_script.dockerfile import words_of
from conda_lockstep.lint.targets.install_script.install_script import (
    Action,
    Image,
    InstallFile,
    ScriptScope,
    ScriptStep,
)
from conda_lockstep.lint.targets.install_script.options import CONDA
from conda_lockstep.lint.targets.install_script.shell.commands import ShellCommand, read_script
from conda_lockstep.lint.targets.install_script.shell.variables import Setting, Settings, exports
from conda_lockstep.lint.targets.install_script.workflow import Job, WorkflowStep, read_workflow
from conda_lockstep.text.source import Source

ACTIONS = ("setup-miniconda", "setup-micromamba", "provision-with-micromamba")
"""Actions that install conda and create an environment (conda-incubator, mamba-org)."""


def read_jobs(source: Source) -> InstallFile:
    """Read a workflow job by job; raises ``UnreadableFileError`` for invalid YAML."""
    workflow = read_workflow(source)
    scopes: list[ScriptScope] = []
    steps: list[ScriptStep] = []
    images: list[Image] = []
    actions: list[Action] = []
    comments = [*workflow.comments]
    for number, job in enumerate(workflow.jobs):
        image = _image(job)
        images += [image] if image else []
        scopes.append(ScriptScope(image))
        for step in job.steps:
            action = _action(step, number)
            actions += [action] if action else []
            script = read_script(step.run) if step.run else None
            comments += script.comments if script else ()
            commands = script.commands if script else ()
            calls = calls_in(commands) + (_created(action) if action else ())
            steps.append(ScriptStep(number, step.span, commands, calls, _settings(step, commands)))
    blocks = tuple(step.span for job in workflow.jobs for step in job.steps)
    return InstallFile(
        source, "workflow", tuple(scopes), tuple(steps), tuple(images), tuple(actions), (), tuple(sorted(comments)),
        blocks,
    )  # fmt: skip


def _image(job: Job) -> Image | None:
    if job.container is None:
        return None
    return Image(job.container.value if job.container.literal else "", job.container.span, "container")


def _action(step: WorkflowStep, scope: int) -> Action | None:
    if step.uses is None:
        return None
    name = step.uses.value.partition("@")[0].split("/")[-1]
    return Action(name, scope, step.uses, step.inputs) if name in ACTIONS else None


def _created(action: Action) -> tuple[Call, ...]:
    """Return the call that an action makes to create its environment."""
    file = action.inputs.get("environment-file")
    arguments = action.inputs.get("create-args")
    given = [CallOption("yes", None, action.uses.span)]
    for option, name in (
        ("file", "environment-file"),
        ("name", "environment-name"),
        ("name", "activate-environment"),
    ):
        value = action.inputs.get(name)
        given += [CallOption(option, value, value.span)] if value else []
    # No shell reads them: the action splits them at blanks.
    read = read_options(words_of(arguments.piece) if arguments else (), CONDA, stop=False)
    if file is None and not read.operands:
        return ()
    tool, verb = ("conda", "env create") if action.name == "setup-miniconda" else ("micromamba", "create")
    command = ShellCommand((action.uses,), (), action.uses.span)
    call = Call("conda", verb, action.uses, action.uses.span, (*given, *read.options), read.operands, command)
    return (call._replace(tool="micromamba") if tool == "micromamba" else call,)


def _settings(step: WorkflowStep, commands: tuple[ShellCommand, ...]) -> Settings:
    given: Settings = {name: (Setting(0, value),) for name, value in step.variables.items()}
    own = exports(commands)
    return {name: (*given.get(name, ()), *own.get(name, ())) for name in {**given, **own}}
