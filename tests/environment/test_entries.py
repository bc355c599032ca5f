from __future__ import annotations

import pytest

from conda_lockstep.conda.match_spec import NOWHERE
from conda_lockstep.environment.edit import apply
from conda_lockstep.environment.entries import read_entries, rewrite
from conda_lockstep.environment.reader import parse


def test_entries_stand_in_the_order_of_the_file_by_manager() -> None:
    text = """\
dependencies:
  - python=3.9
  - pip:
    - torch==2.0
    - numpy=1.21
  - numpy=>1.21
  - 3.10
  -
  - x: y
  - pip:
    - -e .
  - NumPy
"""
    entries = read_entries(parse(text, "environment.yml"))
    assert [entry.spec.name for entry in entries.conda] == ["python", "numpy"]
    assert [entry.requirement.kind for entry in entries.pip] == ["requirement", "option"]
    assert [(bad.manager, bad.item.value) for bad in entries.bad] == [
        ("conda", "numpy=>1.21"),
        ("pip", "numpy=1.21"),
    ]
    assert [entry.item.value for entry in entries.named("numpy")] == ["NumPy"]
    first, second = entries.file.pip_sections
    assert (entries.pip[0].section, entries.pip[1].section) == (first, second)


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("numpy=1.21=py39_0", "=1.21"),
        ("  numpy >=1.21,<2  # why", ">=1.21,<2"),
        ("'numpy=1.21'", "=1.21"),
        ('"conda-forge::numpy=1.21"', "=1.21"),
        ('"numpy\\u003d1.21"', '"numpy\\u003d1.21"'),
        ("'it''s=1'", "'it''s=1'"),
        (">-\n      numpy=1.21", ">-\n      numpy=1.21"),
        ("&anchor numpy=1.21", "&anchor numpy=1.21"),
    ],
)
def test_a_part_of_an_entry_is_found_in_the_file_or_the_whole_entry_is(entry: str, place: str) -> None:
    text = f"# é\r\ndependencies:\r\n  - zlib\r\n  - {entry}\r\n"
    entries = read_entries(parse(text, "environment.yml"))
    everything = [
        (found.item, found.at(found.spec.version_at)) for found in entries.conda if found.spec.name != "zlib"
    ]
    everything += [(bad.item, bad.item.at(*bad.problem.where)) for bad in entries.bad]
    ((_, span),) = everything
    assert text[slice(*span)] == place


@pytest.mark.parametrize(
    ("entry", "new", "result"),
    [
        ("- numpy=1.21", ">=1,<2", "- numpy>=1,<2"),
        ("- 'numpy=1.21'", ">=1,<2", "- 'numpy>=1,<2'"),
        ("- 'numpy=1.21'", "='1'", None),
        ('- "numpy=1.21"', '="1"', None),
        ('- "numpy=1.21"', "=\\1", None),
        ('- "numpy\\u003d1.21"', "=1", None),
    ],
)
def test_a_rewrite_is_offered_only_where_yaml_reads_it_back(entry: str, new: str, result: str | None) -> None:
    file = parse(f"dependencies:\n{entry}\n", "environment.yml")
    (found,) = read_entries(file).conda
    edit = rewrite(found.item, (5, len(found.item.value)), new)
    assert (apply(file.source, [edit]) if edit else None) == (
        f"dependencies:\n{result}\n" if result else None
    )


def test_in_a_flow_list_a_comma_would_part_the_entry() -> None:
    file = parse("dependencies: [numpy=1.21, 'zlib=1.2']\n", "environment.yml")
    numpy, zlib = read_entries(file).conda
    assert rewrite(numpy.item, numpy.spec.version_at, ">=1,<2") is None
    assert rewrite(numpy.item, numpy.spec.version_at, ">=1") is not None
    assert rewrite(zlib.item, zlib.spec.version_at, ">=1,<2") is not None


def test_nowhere_cannot_be_rewritten() -> None:
    file = parse("dependencies: [numpy]\n", "environment.yml")
    (numpy,) = read_entries(file).conda
    assert rewrite(numpy.item, NOWHERE, "=1") is None
    assert numpy.at(NOWHERE) == numpy.item.span
