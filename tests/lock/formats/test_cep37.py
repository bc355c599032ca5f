"""CEP 37 locks: one spelling is written, any is read, and what is broken is shown with its place."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lock.peer import read_with_conda_lock
from tests.lock.strategies import locks

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.formats.cep37_canonical import parse_canonical
from conda_lockstep.lock.formats.cep37_yaml import parse_yaml
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

NUMPY = Package(
    "conda", "numpy", "1.10", "py312_0", "linux-64", "https://conda.anaconda.org/conda-forge",
    "https://conda.anaconda.org/conda-forge/linux-64/numpy-1.10-py312_0.conda", "1" * 64, "2" * 32,
    depends=("python >=3.12,<3.13.0a0", "libblas", "_libgcc_mutex 0.1 conda_forge"),
)  # fmt: skip
SIX = Package(
    "pip",
    "six",
    "1.17.0",
    url="https://files.pythonhosted.org/packages/b7/six-1.17.0-py2.py3-none-any.whl",
    sha256="4" * 64,
)
LOCK = Lock(
    {"linux-64": PackageSet.of([NUMPY, SIX])},
    ("conda-forge",),
    ("environment.yml",),
    {"channel_priority": "strict"},
)
TEXT = """\
# Written by conda-lockstep from the environment file: do not edit, run 'lockstep lock' again.
# The format is conda-lock v1 (CEP 37): conda-lock, micromamba and mamba install it as it is.
version: 1
metadata:
  content_hash:
    linux-64: '{digest}'
  channels:
  - url: conda-forge
    used_env_vars: []
  platforms:
  - linux-64
  sources:
  - environment.yml
  custom_metadata:
    channel_priority: 'strict'
package:
- name: numpy
  version: '1.10'
  manager: conda
  platform: linux-64
  dependencies:
    _libgcc_mutex: '0.1 conda_forge'
    libblas: '*'
    python: '>=3.12,<3.13.0a0'
  url: https://conda.anaconda.org/conda-forge/linux-64/numpy-1.10-py312_0.conda
  hash:
    md5: '22222222222222222222222222222222'
    sha256: '1111111111111111111111111111111111111111111111111111111111111111'
  build: 'py312_0'
  category: main
  optional: false
- name: six
  version: '1.17.0'
  manager: pip
  platform: linux-64
  dependencies: {{}}
  url: https://files.pythonhosted.org/packages/b7/six-1.17.0-py2.py3-none-any.whl
  hash:
    sha256: '4444444444444444444444444444444444444444444444444444444444444444'
  category: main
  optional: false
""".format(digest=LOCK.platforms["linux-64"].digest)


def test_a_lock_has_one_spelling():
    assert cep37.render(LOCK) == TEXT


@given(locks())
def test_writing_what_was_read_changes_nothing(lock):
    text = cep37.render(lock)
    assert cep37.render(cep37.parse(text, "lock")) == text


@given(locks())
def test_what_was_written_is_read_fast_and_as_yaml_reads_it(lock):
    text = cep37.render(lock)
    read = parse_yaml(text, "lock")
    assert parse_canonical(text) in (read, None)
    assert parse_canonical(text) == read or not any(lock.platforms.values())
    assert {name: set(packages) for name, packages in read.platforms.items()} == {
        name: set(packages) for name, packages in lock.platforms.items()
    }
    assert {name: packages.digest for name, packages in read.platforms.items()} == {
        name: packages.digest for name, packages in lock.platforms.items()
    }


@given(locks(), st.data())
@settings(max_examples=200, deadline=None)
def test_the_fast_reader_never_reads_what_yaml_reads_otherwise(lock, data):
    lines = cep37.render(lock).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        cut = data.draw(st.integers(0, len(line)))
        with_text = data.draw(
            st.sampled_from(["", "'", " ", "#", " #", ":", "\n", "{}", "- ", "yes", "\t", "\r", '"', "&a"])
        )
        lines[at] = data.draw(
            st.sampled_from(["", line * 2, line[:cut] + with_text + line[cut:], line[:cut] + line[cut + 1 :]])
        )
    text = "".join(lines)
    fast = parse_canonical(text)
    if fast is not None:
        assert fast == parse_yaml(text, "lock")


@given(locks())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conda_locks_own_reader_reads_the_same_strings(tmp_path, lock):
    path = tmp_path / "conda-lock.yml"
    cep37.write(lock, path)
    loaded = yaml.safe_load(path.read_text())
    if all(entry["hash"].get("md5") or entry["manager"] == "pip" for entry in loaded["package"]):
        theirs = {(item.manager, item.name, item.platform): item for item in read_with_conda_lock(path)}
        ours = {
            (*key, name): package
            for name, packages in lock.platforms.items()
            for key, package in packages.items()
        }
        assert theirs.keys() == ours.keys()
        for key, package in ours.items():
            assert (theirs[key].version, theirs[key].url) == (package.version, package.url)
            assert theirs[key].hash.sha256 == package.sha256


def test_credentials_are_not_read_into_a_lock():
    text = TEXT.replace("https://conda.anaconda.org/", "https://joe:secret@conda.anaconda.org/t/tk-123/")
    lock = cep37.parse(
        text.replace("- url: conda-forge", "- url: https://joe:secret@host/t/tk-123/chan"), "lock"
    )
    expected = NUMPY._replace(depends=tuple(sorted(NUMPY.depends)))
    assert lock.platforms["linux-64"]["conda", "numpy"] == expected
    assert lock.channels == ("https://host/chan",)


def test_a_lock_with_windows_line_ends_is_read_the_same():
    assert cep37.parse(TEXT.replace("\n", "\r\n"), "lock") == cep37.parse(TEXT, "lock")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("'1.10'", "1.10", "lock:18:12: 'version' must be a string, and YAML reads 1.1: put it in quotes"),
        ("'2222222222222222", "'222222222222222", "lock:27:10: '2222222222222222222222222222222' is no md5"),
        ("manager: pip", "manager: npm", "lock:34:12: the manager 'npm' is neither conda nor pip"),
        ("name: six", "name: yes", "lock:32:9: 'name' must be a string, and YAML reads True: put it in quotes"),
        ("  - linux-64\n", "  - osx-64\n", "lock:20:13: the platform 'linux-64' is not listed in the metadata"),
        ("  url: https://files", "  uri: https://files", "lock:32:3: 'url' is missing"),
        ("version: 1\n", "version: 2\n", "lock:3:10: version 2 of the format is not known"),
        ("version: 1\n", "", "lock:3:1: no conda-lock file: 'version: 1' is missing"),
        ("package:\n", "package: 3\nother:\n", "lock:16:10: 'package' must be a list"),
        ("name: six", "name: [six", "lock:33:10: not YAML: while parsing a flow sequence did not find expected"),
        ("- name: six", "<<<<<<< HEAD\n- name: six", "lock:32:1: unresolved merge conflict ('<<<<<<<')"),
    ],
)  # fmt: skip
def test_a_broken_lock_is_refused_with_its_place(old, new, message):
    assert old in TEXT
    with pytest.raises(LockstepError) as caught:
        cep37.parse(TEXT.replace(old, new, 1), "lock")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 5_000,
        "{a: " * 5_000,
        "? " * 5_000,
        "\n".join(" " * n + "a:" for n in range(3000)),
    ],
)
def test_a_lock_nested_without_end_is_refused(text):
    with pytest.raises(LockstepError, match="nested more than 100 levels deep"):
        cep37.parse(text, "lock")


def test_two_versions_of_one_package_are_refused():
    entry = TEXT[TEXT.index("- name: six") :]
    with pytest.raises(LockstepError, match=r"two different packages .* six 1\.17\.0 and six 1\.18\.0"):
        cep37.parse(TEXT + entry.replace("1.17.0", "1.18.0"), "lock")


REFUSED = {
    "conda__conda-lock__environments-conda-lock.yml": "a symbolic link that git wrote as a text",
    "mamba-org__mamba__libmamba-tests-data-env_lockfile-bad_package-lock.yaml": "'metadata' is missing",
    "mamba-org__mamba__libmamba-tests-data-env_lockfile-bad_version-lock.yaml": "version -1 of the format is not known",
}


def test_every_real_lock_is_read_or_refused_in_one_line(lock_files):
    found = lock_files("conda-lock.yml", "conda-lock/*-lock.y*ml", "pairs/*/*/*conda-lock.yml")
    for path in (path for path in found if not path.name.endswith(".environment.yml")):
        try:
            lock = cep37.read(path, shown_as=path.name)
        except LockstepError as error:
            assert REFUSED[path.name] in str(error)
            continue
        assert sum(map(len, lock.platforms.values())) > 0
        text = cep37.render(lock)
        again = parse_canonical(text)
        assert again is not None, path
        assert cep37.render(again) == text
        for name, packages in lock.platforms.items():
            assert all(package.subdir in (name, "noarch") for package in packages.only("conda").values())
            assert all(package.build for package in packages.only("conda").values())
