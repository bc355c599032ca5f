"""What is said of what cannot be read or formatted, word for word: somebody looked at it, in ``said.txt``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conda_lockstep.conda.match_spec import BadSpec, parse_conda
from conda_lockstep.environment.format import UnformattableError, canonical
from conda_lockstep.environment.reader import parse
from conda_lockstep.environment.requirement import parse_pip
from conda_lockstep.text.source import UnreadableFileError
from tests.conda.test_match_spec import NO_REQUIREMENTS, NO_SPECS
from tests.environment.test_environment_file import DAMAGED
from tests.environment.test_format import UNSAFE
from tests.support.snapshots import assert_as_seen


def test_what_is_said_is_what_was_looked_at() -> None:
    assert_as_seen(
        "".join(f"{text}\n  {said}\n" for text, said in _said()), Path(__file__).parent / "said.txt"
    )


def _said() -> Iterator[tuple[str, str]]:
    for text in (*(row[0] for row in DAMAGED), *(row[0] for row in UNSAFE)):
        try:
            canonical(parse(text, "environment.yml"))
        except (UnreadableFileError, UnformattableError) as error:
            yield _short(text), str(error)
    for text, _ in NO_SPECS:
        bad = parse_conda(text)
        assert isinstance(bad, BadSpec)
        yield f"conda {text!r}", bad.message
    for text, _, _ in NO_REQUIREMENTS:
        bad = parse_pip(text)
        assert isinstance(bad, BadSpec)
        yield f"pip {text!r}", bad.message


def _short(text: str) -> str:
    return repr(text if len(text) < 100 else f"{text[:60]}…")
