"""The notes of a release are its section of the changelog, and a tag that does not fit is refused."""

from __future__ import annotations

import pytest
from scripts.release_notes import NotesError, notes

CHANGELOG = """\
# Changelog

## Unreleased

- later

## 1.2.0 - 2026-11-30

### Added

- `lockstep x`

## 1.1.0 - 2026-10-01

- older
"""


def project(version: str) -> str:
    return f'[project]\nname = "conda-lockstep"\nversion = "{version}"\n'


@pytest.mark.parametrize(
    ("version", "expected"), [("1.2.0", "### Added\n\n- `lockstep x`\n"), ("1.1.0", "- older\n")]
)
def test_the_notes_are_the_section_of_the_version_alone(version: str, expected: str) -> None:
    assert notes(f"v{version}", CHANGELOG, project(version)) == expected


@pytest.mark.parametrize(
    ("tag", "version", "why"),
    [
        ("v1.2.0", "1.2.1", "the tag is v1.2.0, and pyproject.toml has version 1.2.1"),
        ("1.2.0", "1.2.0", "the tag is 1.2.0, and pyproject.toml has version 1.2.0"),
        ("v1.2", "1.2", "CHANGELOG.md has no section '## 1.2'"),
        ("v1.3.0", "1.3.0", "CHANGELOG.md has no section '## 1.3.0'"),
    ],
)
def test_a_tag_that_version_or_changelog_do_not_know_is_refused(tag: str, version: str, why: str) -> None:
    with pytest.raises(NotesError, match=why.replace(".", r"\.")):
        notes(tag, CHANGELOG, project(version))
