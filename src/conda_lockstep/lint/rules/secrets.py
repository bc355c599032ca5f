"""Rules about secrets in a shared file: passwords, tokens and keys. A secret is never printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from conda_lockstep.config import Config
from conda_lockstep.environment import credentials
from conda_lockstep.environment.credentials import Secret
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.lint.engine.registry import Fix, Problem, rule

_REVOKE = "revoke it, because the Git history keeps it, then"


@rule("channel-credentials", "error", requires=("address",))
def channel_credentials(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel URL contains a password or a token: anyone who can read the repository has it."""
    for secret in _secrets(entries):
        if secret.where == "channel":
            name = f"${{CONDA_{secret.kind}}}"
            message = f"the channel URL contains a {secret.kind.lower()}"
            help_ = f"{_REVOKE} write {name}, which conda expands, or log in to the server"
            yield Problem(secret.span, message, help_, _with_variable(secret, name))
        elif secret.where == "dependency":
            message = f"the package URL contains a {secret.kind.lower()}"
            yield Problem(
                secret.span, message, f"{_REVOKE} list the channel under 'channels:' and log in to it"
            )
        elif secret.where == "comment":
            message = f"the comment contains a {secret.kind.lower()}"
            yield Problem(secret.span, message, f"{_REVOKE} delete it")


@rule("index-credentials", "error", requires=("address",))
def index_credentials(entries: Entries, config: Config) -> Iterator[Problem]:
    """The URL of a package index, a repository or a wheel contains a password or a token."""
    for secret in _secrets(entries):
        if secret.where == "index":
            name = f"${{INDEX_{secret.kind}}}"
            message = f"the URL of a package source contains a {secret.kind.lower()}"
            help_ = f"{_REVOKE} write {name}, which pip expands, or use a .netrc file"
            yield Problem(secret.span, message, help_, _with_variable(secret, name))


@rule("secret-variable", "error", supersedes=("unquoted-scalar",), requires=("variables",))
def secret_variable(entries: Entries, config: Config) -> Iterator[Problem]:
    """An environment variable contains a secret: it is stored in the repository and in every environment."""
    names = {pair.value.span: pair.key.value for pair in entries.file.variables}
    for secret in _secrets(entries):
        if secret.where == "variable" and secret.item is not None:
            name = names[secret.item.span]
            message = f"'{name}' appears to contain a secret"
            help_ = f"{_REVOKE} set {name} where jobs are started, and delete it here"
            yield Problem(secret.span, message, help_)


@lru_cache(maxsize=1)
def _secrets(entries: Entries) -> Sequence[Secret]:
    return credentials.secrets(entries.file)


def _with_variable(secret: Secret, name: str) -> Fix | None:
    """Return the fix that replaces a secret with the name of a variable."""
    item = secret.item
    # In a flow list the braces would start a mapping.
    if item is None or not item.verbatim or (item.flow and not item.quoted):
        return None
    return Fix(f"replace the secret with {name}", (Edit(secret.span, name),), "unsafe")
