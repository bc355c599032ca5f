"""Rules about what must not be in a file that is shared: passwords, tokens, keys. None is ever printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.config import Config
from conda_lockstep.environment import credentials
from conda_lockstep.environment.credentials import Secret
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries, once_per_file
from conda_lockstep.lint.engine.registry import Fix, Problem, rule

_REVOKE = "revoke it: whoever can read the history has it; then"


@rule("channel-credentials", "error", requires=("address",))
def channel_credentials(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel's URL holds a password or a token: everyone who can read the repository has it."""
    for secret in _secrets(entries):
        if secret.where == "channel":
            name = f"${{CONDA_{secret.kind}}}"
            message = f"the channel's {secret.kind.lower()} stands in the file"
            help_ = f"{_REVOKE} write {name}, which conda fills in, or log in to the server"
            yield Problem(secret.span, message, help_, _stand_in(secret, name))
        elif secret.where == "dependency":
            message = f"the {secret.kind.lower()} of a package's URL stands in the file"
            yield Problem(
                secret.span, message, f"{_REVOKE} name the channel under 'channels:', and log in to it"
            )
        elif secret.where == "comment":
            message = f"a {secret.kind.lower()} stands in a comment"
            yield Problem(secret.span, message, f"{_REVOKE} delete it")


@rule("index-credentials", "error", requires=("address",), requirements=True)
def index_credentials(entries: Entries, config: Config) -> Iterator[Problem]:
    """The URL of a package index, a repository or a wheel holds a password or a token."""
    for secret in _secrets(entries):
        if secret.where == "index":
            name = f"${{INDEX_{secret.kind}}}"
            message = f"the {secret.kind.lower()} of a package source stands in the file"
            help_ = f"{_REVOKE} write {name}, which pip fills in, or use a .netrc file"
            yield Problem(secret.span, message, help_, _stand_in(secret, name))


@rule("secret-variable", "error", supersedes=("unquoted-scalar",), requires=("variables",))
def secret_variable(entries: Entries, config: Config) -> Iterator[Problem]:
    """A variable of the environment holds a secret: it is in the repository, and in every copy of the environment."""
    names = {pair.value.span: pair.key.value for pair in entries.file.variables}
    for secret in _secrets(entries):
        if secret.where == "variable" and secret.item is not None:
            name = names[secret.item.span]
            message = f"'{name}' holds what looks like a secret"
            help_ = f"{_REVOKE} set {name} where jobs are started, and delete it here"
            yield Problem(secret.span, message, help_)


@once_per_file
def _secrets(entries: Entries) -> Sequence[Secret]:
    return credentials.secrets(entries.file)


def _stand_in(secret: Secret, name: str) -> Fix | None:
    """Return the fix that puts a variable's name in the place of a secret."""
    item = secret.item
    # In a list between brackets the braces would begin a mapping.
    if item is None or not item.verbatim or (item.flow and not item.quoted):
        return None
    return Fix(f"write {name} for the secret", (Edit(secret.span, name),), "unsafe")
