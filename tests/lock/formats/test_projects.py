"""Projects in the text of a lock: written in one way, read back, and refused where the record is not one."""

from __future__ import annotations

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37, manifest
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROJECTS = (
    Package("pip", "here", "", url="./#editable=true&extras=dev,test", depends=("python >=3.9", "six")),
    Package("pip", "above", "", url="../a%20b"),
    Package(
        "pip", "knn", "1.0", url=f"git+https://host/o/knn.git@{COMMIT}#subdirectory=py&rev=v1&tree={COMMIT}"
    ),
    Package("pip", "clone", "", url=f"git+ssh://git@host/clone@{COMMIT}#editable=true"),
)
LOCK = Lock({"linux-64": PackageSet.of(PROJECTS)}, metadata={"channel_priority": "strict"})


def test_projects_are_read_as_they_were_written():
    text = cep37.render(LOCK)
    found = cep37.parse(text, "x")
    assert found.platforms == LOCK.platforms
    assert found.metadata == LOCK.metadata
    assert cep37.render(found) == text
    assert "package: []\n" in text


def test_both_readers_of_the_format_read_them():
    text = cep37.render(LOCK)
    assert cep37.parse(text.replace("version: 1\n", "version:  1\n"), "x").platforms == LOCK.platforms


def test_a_manifest_has_them():
    assert manifest.parse(manifest.render(LOCK), "x").platforms == LOCK.platforms


BROKEN = [
    ("here", "not JSON"),
    ("here", "[]"),
    ("here", '{"source": "https://host/a-1-py3-none-any.whl"}'),
    ("here", '{"source": "file:///etc"}'),
    ("here", '{"source": "/etc"}'),
    ("here", '{"source": 1}'),
    ("here", "{}"),
    ("here", f'{{"source": "git+https://host/o@{COMMIT}#subdirectory=../../x"}}'),
    ("here", '{"source": "git+https://host/o@main"}'),
    ("../../x", '{"source": "./"}'),
    ("Not_Normal", '{"source": "./"}'),
    ("", '{"source": "./"}'),
]


@pytest.mark.parametrize(("name", "text"), BROKEN)
def test_what_is_no_record_of_a_project_is_refused(name, text):
    metadata = {**LOCK.metadata, f"linux-64.project.{name}": text}
    written = cep37.render(Lock({"linux-64": PackageSet()}, metadata=metadata))
    with pytest.raises(LockstepError, match=r"is not the record of a project; run 'lockstep lock'"):
        cep37.parse(written, "conda-lock.yml")


def test_a_project_of_a_platform_that_the_lock_lacks_is_refused():
    metadata = {**LOCK.metadata, "osx-64.project.here": '{"source": "./"}'}
    with pytest.raises(LockstepError, match=r"'osx-64\.project\.here' is not the record"):
        cep37.parse(cep37.render(Lock({"linux-64": PackageSet()}, metadata=metadata)), "x")
