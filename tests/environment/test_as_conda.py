from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.config import Config
from conda_lockstep.environment.environment_file import EnvironmentFile, Item, PipSection
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.targets.environment_file import EnvironmentTarget
from conda_lockstep.text.source import Source, UnreadableFileError
from conda_lockstep.text.yaml_as_conda import is_special, load_as_conda

MERGED = """\
x-base: &base
  name: train
  channels: &channels
    - conda-forge
  variables: {OMP_NUM_THREADS: one, B: two}
<<: *base
dependencies:
  - &numpy numpy=1.26
  - pip
  - pip: [einops==0.8]
"""


def test_a_merge_key_gives_the_values_that_conda_sees() -> None:
    file = parse(MERGED, "environment.yml")
    assert file.name == "train"
    assert [item.value for item in file.channels.items] == ["conda-forge"]
    assert [pair.key.value for pair in file.variables] == ["OMP_NUM_THREADS", "B"]
    assert [pair.key.value for pair in file.keys] == [
        "x-base",
        "dependencies",
        "name",
        "channels",
        "variables",
    ]
    assert_as_conda(file)


def test_a_merged_file_has_neither_a_missing_name_nor_missing_channels() -> None:
    found = {finding.rule for finding in linted(MERGED)}
    assert not found & {"missing-name", "no-channels", "unknown-key"}


def test_a_value_has_the_place_at_which_it_is_written() -> None:
    file = parse(MERGED, "environment.yml")
    (channel,) = file.channels.items
    assert file.source.position(channel.span.start) == (4, 7)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a: &a {name: a}\nb: &b {name: b}\n<<: [*a, *b]\n", "a"),
        ("a: &a {name: a}\nb: &b {name: b}\n<<: [*b, *a]\n", "b"),
        ("a: &a {name: a}\nb: &b {<<: *a, x: y}\n<<: *b\n", "a"),
        ("a: &a {name: a}\nb: &b {<<: *a, name: b}\n<<: *b\n", "b"),
        ("a: &a {name: a}\n<<: *a\nname: own\n", "own"),
        ("a: &a {name: a}\nname: own\n<<: *a\n", "own"),
        ("<<: {name: a}\n", "a"),
        ("name: !!str text\n", "text"),
        ("name: ! text\n", "text"),
        ("a: &a text\nname: *a\n", "text"),
    ],
)
def test_the_name_is_the_one_that_conda_takes(text: str, name: str) -> None:
    file = parse(text + "dependencies: [python=3.12]\n", "environment.yml")
    assert file.name == name
    assert_as_conda(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: !custom x\n", "environment.yml:1:7: conda does not know the tag '!custom'; delete the tag"),
        (
            "a: &a [x]\n<<: *a\n",
            "environment.yml:1:8: conda cannot read this: expected a mapping for merging",
        ),
        (
            "a: &a text\n<<: *a\n",
            "environment.yml:1:4: conda cannot read this: expected a mapping or list of",
        ),
        (
            "a: &a {b: c}\n<<: *a\n<<: *a\n",
            "environment.yml:3:1: conda cannot read this: found duplicate merge key",
        ),
        ("when: !!timestamp x\n", "environment.yml:1:7: conda cannot read this: "),
    ],
)
def test_what_conda_cannot_read_is_reported_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        parse(text, "environment.yml")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        # The second use of an entry is not deleted where the first is written.
        "name: a\nchannels: [conda-forge]\ndependencies:\n- &n numpy=1.26\n- *n\n- pip\n",
        # A value that two lists share is not changed for the sake of one.
        "name: a\nx-c: &c [conda-forge, defaults]\nchannels: *c\nplatforms: *c\ndependencies: [python=3.12]\n",
        "x-d: &d\n- python\n- numpy==1.26\nname: a\nchannels: [conda-forge]\ndependencies: *d\n",
    ],
)
def test_a_fix_never_changes_what_an_alias_refers_to(text: str) -> None:
    file = parse(text, "environment.yml")
    after = fixed(file)
    for span in file.shared:
        assert file.source.text[slice(*span)] in after
    assert_as_conda(parse(after, "environment.yml"))


def test_an_entry_beside_a_shared_one_is_still_fixed() -> None:
    text = "x-n: &n numpy=1.26\nname: a\nchannels: [conda-forge, nodefaults]\ndependencies:\n- *n\n- python==3.12\n"
    assert fixed(parse(text, "environment.yml")) == text.replace("==", "=")


_words = st.sampled_from(
    ["python", "numpy=1.26", "pytorch ==2.4", "scipy >=1,<2", "zlib", "a", "conda-forge"]
)
_scalars = st.builds("{}{}".format, st.sampled_from(["", "", "", "!!str ", "! "]), _words) | _words.map(
    "'{}'".format
)
_KEYS = ("name", "channels", "dependencies", "variables", "platforms", "x-other")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw an environment file in flow or block style in which values refer to values above them."""
    anchors: dict[str, list[str]] = {"scalar": [], "list": [], "map": []}

    def defined(kind: str, text: str) -> str:
        if anchors[kind] and draw(st.integers(0, 2)) == 0:
            return f"*{draw(st.sampled_from(anchors[kind]))}"
        if draw(st.booleans()):
            return text
        name = f"{kind}{len(anchors[kind])}"
        anchors[kind].append(name)
        return f"&{name} {text}"

    def scalar() -> str:
        return defined("scalar", draw(_scalars))

    def entry() -> str:
        if draw(st.integers(0, 5)):
            return scalar()
        return f"{{pip: {sequence()}}}"

    def sequence(of: str = "scalar") -> str:
        count = draw(st.integers(0, 3))
        return defined("list", f"[{', '.join(entry() if of == 'entry' else scalar() for _ in range(count))}]")

    def value(key: str) -> str:
        if key == "name":
            return scalar()
        if key == "variables":
            return mapping(("A", "B", "C"), lambda _: scalar())
        return sequence("scalar" if key in ("channels", "platforms") or draw(st.booleans()) else "entry")

    def merge() -> list[str]:
        if not anchors["map"] or draw(st.booleans()):
            return []
        names = draw(st.lists(st.sampled_from(anchors["map"]), min_size=1, max_size=2, unique=True))
        listed = [f"*{name}" for name in names]
        return [f"<<: {listed[0]}" if len(listed) == 1 else f"<<: [{', '.join(listed)}]"]

    def mapping(keys: tuple[str, ...], make: object) -> str:
        chosen = draw(st.lists(st.sampled_from(keys), unique=True, max_size=3))
        assert callable(make)
        pairs = [*merge(), *(f"{key}: {make(key)}" for key in chosen)]
        return defined("map", f"{{{', '.join(draw(st.permutations(pairs)))}}}")

    lines = [f"x-base: {mapping(_KEYS, value)}"] if draw(st.booleans()) else []
    top = draw(st.lists(st.sampled_from(_KEYS), unique=True, max_size=4))
    body = [f"{key}: {value(key)}" for key in top]
    lines += [*body, *merge()] or ["name: a"]
    return "\n".join(lines) + "\n"


@given(texts())
@settings(max_examples=400, deadline=None)
def test_a_generated_file_has_the_values_that_conda_sees(text: str) -> None:
    try:
        file = parse(text, "environment.yml")
    except UnreadableFileError:
        with pytest.raises(LockstepError):
            load_as_conda(Source.of("environment.yml", text))
        return
    assert_as_conda(file)


@given(texts())
@settings(max_examples=150, deadline=None)
def test_a_fixed_file_has_the_values_that_conda_sees(text: str) -> None:
    try:
        file = parse(text, "environment.yml")
    except UnreadableFileError:
        return
    assert_as_conda(parse(fixed(file), "environment.yml"))


def test_real_files_with_anchors_have_the_values_that_conda_sees(corpus: Path) -> None:
    seen = 0
    for path in sorted([*corpus.glob("environments/*.y*ml"), *corpus.glob("odd/*.y*ml")]):
        try:
            text = path.read_text(encoding="utf-8-sig")
            file = parse(text, path.name)
        except (LockstepError, UnicodeDecodeError):
            continue
        if is_special(text):
            seen += 1
            assert_as_conda(file)
            assert_as_conda(parse(fixed(file), path.name))
    assert seen


def test_ruamel_is_not_imported_for_a_file_of_the_plain_kind(tmp_path: Path) -> None:
    plain = tmp_path / "environment.yml"
    plain.write_text(
        "name: a\nchannels: [conda-forge]\ndependencies:\n  - {a: b}\n  - 'numpy !=1.2'\n  - a=1.*\n"
    )
    program = (
        "import sys\nfrom conda_lockstep.cli.main import main\n"
        "main(['lint', '--fix', sys.argv[1]])\nprint('ruamel' in {n.partition('.')[0] for n in sys.modules})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(plain)], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"
    plain.write_text(MERGED)
    done = subprocess.run(
        [sys.executable, "-c", program, str(plain)], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines()[-1] == "True"


def linted(text: str) -> list[lint.Finding]:
    return lint.lint(lint.parse_text(text, "environment.yml"), lint.select(Config()), Config())


def fixed(file: EnvironmentFile) -> str:
    return lint.fix(EnvironmentTarget(file), lint.select(Config()), Config(), unsafe=True).text


def assert_as_conda(file: EnvironmentFile) -> None:
    """Compare every value that is text to YAML 1.1 and 1.2 alike with what ruamel.yaml reads."""
    document = load_as_conda(file.source)
    assert isinstance(document, dict)
    assert {pair.key.value for pair in file.keys} == {str(key) for key in document}
    for pair in file.keys:
        assert_same(pair.value, document[pair.key.value])
    for items, key in ((file.channels.items, "channels"), (file.platforms, "platforms")):
        values = document.get(key)
        assert len(items) == (len(values) if isinstance(values, list) else 0)
        for item, value in zip(items, values or (), strict=True):
            assert_same(item, value)
    assert_dependencies(file, document.get("dependencies"))
    variables = document.get("variables")
    assert {pair.key.value for pair in file.variables} == set(
        variables if isinstance(variables, dict) else ()
    )
    for pair in file.variables:
        assert_same(pair.value, variables[pair.key.value])


def assert_dependencies(file: EnvironmentFile, values: object) -> None:
    listed = values if isinstance(values, list) else []
    flat = [
        part for value in listed for part in (value.items() if isinstance(value, dict) and value else [value])
    ]
    assert len(file.dependencies) == len(flat)
    for entry, value in zip(file.dependencies, flat, strict=True):
        if isinstance(entry, Item):
            assert_same(entry, value)
            continue
        assert isinstance(value, tuple)
        assert_same(entry.key, value[0])
        if isinstance(entry, PipSection):
            items = value[1] if isinstance(value[1], list) else []
            assert len(entry.items) == len(items)
            for item, text in zip(entry.items, items, strict=True):
                assert_same(item, text)
        else:
            assert_same(entry.value, value[1])


def assert_same(item: Item, value: object) -> None:
    if item.kind == "string":
        assert item.value == value
    elif item.kind in ("mapping", "sequence"):
        assert isinstance(value, dict if item.kind == "mapping" else list)
    elif item.kind == "null":
        assert value is None
