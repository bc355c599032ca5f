"""``@EXPLICIT`` files: every real one is read, ours are read by others, and what is wrong has a line."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rattler.explicit_environment import ExplicitEnvironmentSpec
from tests.support.lock_pairs import LockFiles

from conda_lockstep.conda.dependencies import split
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import explicit
from conda_lockstep.packages import Package, PackageSet

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # conda-lock's vendored conda deprecates itself at import
    from conda_lock.interfaces.vendored_conda import toposort as conda_toposort

FORGE = "https://conda.anaconda.org/conda-forge"


def package(name: str, *depends: str, **hashes: str) -> Package:
    url = f"{FORGE}/linux-64/{name}-1.0-0.conda"
    return Package("conda", name, "1.0", "0", "linux-64", FORGE, url, depends=depends, **hashes)


def test_every_real_file_reads_as_rattler_reads_it_and_survives_writing(lock_files: LockFiles) -> None:
    found = lock_files("conda-linux-64.lock", "explicit/*", "pairs/*/*/conda-linux-64.lock")
    for path in (path for path in found if explicit.MARKER in path.read_text()):
        lock = explicit.read(path)
        ((platform, packages),) = lock.platforms.items()
        theirs = ExplicitEnvironmentSpec.from_path(path)
        assert len(packages) == len({entry.url for entry in theirs.packages})
        assert theirs.platform is None or str(theirs.platform) == platform
        written = explicit.render(packages, platform)
        again = explicit.parse(written, "written").platforms
        assert again == lock.platforms
        assert explicit.render(again[platform], platform) == written


def test_what_is_written_rattler_reads(tmp_path: Path) -> None:
    packages = PackageSet.of([package("b", "a", sha256="1" * 64), package("a", md5="2" * 32), package("c")])
    (tmp_path / "explicit.txt").write_text(explicit.render(packages, "linux-64"))
    spec = ExplicitEnvironmentSpec.from_path(tmp_path / "explicit.txt")
    assert [entry.url.rpartition("#")[0] or entry.url for entry in spec.packages] == [
        f"{FORGE}/linux-64/{name}-1.0-0.conda" for name in "acb"
    ]


def test_the_text_is_exact() -> None:
    packages = PackageSet.of(
        [package("b", "a >=1", sha256="1" * 64), package("a", md5="2" * 32), Package("pip", "x", "1")]
    )
    assert explicit.render(packages, "linux-64") == (
        "# platform: linux-64\n"
        f"# environment id of the conda part: {packages.only('conda').environment_id}\n"
        "@EXPLICIT\n"
        f"{FORGE}/linux-64/a-1.0-0.conda#{'2' * 32}\n"
        f"{FORGE}/linux-64/b-1.0-0.conda#sha256:{'1' * 64}\n"
    )


@given(st.integers(1, 25), st.randoms(use_true_random=False))
def test_each_package_comes_after_what_it_depends_on(count: int, chance: random.Random) -> None:
    names = [f"p{number:02}" for number in range(count)]
    ranks = dict(zip(names, chance.sample(range(count), count), strict=True))
    packages = PackageSet.of(
        package(
            name, *(f"{other} >=1" for other in names if ranks[other] < ranks[name] and chance.random() < 0.3)
        )
        for name in names
    )
    order = [found.name for found in explicit.dependency_order(packages)]
    assert sorted(order) == names
    for found in packages.values():
        for spec in found.depends:
            assert order.index(split(spec)[0]) < order.index(found.name)


@pytest.mark.parametrize(
    ("edges", "order"),
    [
        ({"python": "pip", "pip": "python wheel", "wheel": "python"}, "python wheel pip"),
        ({"a": "b", "b": "a"}, "a b"),
        ({"a": "b c", "b": "a", "c": "b"}, "b c a"),
        ({"a": "a", "z": "a"}, "a z"),
        ({"b": "__glibc", "c": "", "a": "missing", "d": "c"}, "c a b d"),
    ],
)
def test_layers_by_name_and_cycles_as_conda_enters_them(edges: dict[str, str], order: str) -> None:
    packages = PackageSet.of(package(name, *needs.split()) for name, needs in edges.items())
    assert [found.name for found in explicit.dependency_order(packages)] == order.split()
    assert toposort({name: set(needs.split()) for name, needs in edges.items()}, packages) == order.split()


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefghxy")), min_size=1))
def test_any_graph_is_ordered_as_conda_orders_it(edges: dict[str, set[str]]) -> None:
    packages = PackageSet.of(package(name, *needs) for name, needs in edges.items())
    assert [found.name for found in explicit.dependency_order(packages)] == toposort(edges, packages)


def toposort(edges: dict[str, set[str]], packages: PackageSet) -> list[str]:
    """Return conda's own order, which conda-lock uses."""
    return [name for name in conda_toposort(edges) if ("conda", name) in packages]


def test_a_chain_of_thousands_is_no_recursion() -> None:
    chain = PackageSet.of(package(f"p{n:05}", *([f"p{n + 1:05}"] if n < 4999 else [])) for n in range(5000))
    assert next(explicit.dependency_order(chain)).name == "p04999"


@pytest.mark.parametrize(
    ("fragment", "sha256", "md5"),
    [
        ("", "", ""),
        ("#" + "a" * 32, "", "a" * 32),
        ("#" + "A" * 32, "", "a" * 32),
        ("#" + "b" * 64, "b" * 64, ""),
        ("#sha256:" + "b" * 64, "b" * 64, ""),
    ],
)
def test_a_hash_is_read_in_each_of_its_spellings(fragment: str, sha256: str, md5: str) -> None:
    lock = explicit.parse(f"@EXPLICIT\n{FORGE}/linux-64/a-1.0-0.conda{fragment}\n", "x")
    (found,) = lock.platforms["linux-64"].values()
    assert (found.sha256, found.md5) == (sha256, md5)
    assert (found.channel, found.subdir, found.build) == (FORGE, "linux-64", "0")
    assert not lock.complete


def test_pip_comments_of_conda_lock_are_the_pip_part() -> None:
    text = (
        "# platform: linux-64\n@EXPLICIT\n"
        f"{FORGE}/noarch/a-1.0-0.conda\n"
        f"# pip Flask_Cors @ https://example.org/x/Flask_Cors-4.0.0-py2.py3-none-any.whl --hash=sha256:{'c' * 64}\n"
        f"# pip torch @ https://example.org/x/torch-2.4.0%2Bcu118-cp311-cp311-linux_x86_64.whl#sha256={'d' * 64}\n"
        f"# pip b @ git+https://example.org/b@{'e' * 40}\n"
        "# pip is needed for this\n"
    )
    lock = explicit.parse(text, "x")
    found = lock.platforms["linux-64"]
    assert {name: (package.version, package.sha256) for (_, name), package in found.only("pip").items()} == {
        "b": ("", ""),
        "flask-cors": ("4.0.0", "c" * 64),
        "torch": ("2.4.0+cu118", "d" * 64),
    }
    assert found["pip", "torch"].url.endswith("linux_x86_64.whl")
    assert lock.complete


def test_credentials_are_dropped() -> None:
    lock = explicit.parse(
        "@EXPLICIT\nhttps://user:secret@host.example/t/tk-1/chan/linux-64/a-1.0-0.conda\n", "x"
    )
    (found,) = lock.platforms["linux-64"].values()
    assert found.url == "https://host.example/chan/linux-64/a-1.0-0.conda"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x: has no @EXPLICIT line; export it again"),
        (f"{FORGE}/linux-64/a-1.0-0.conda\n", "x: has no @EXPLICIT line"),
        ("@EXPLICIT\n\nnumpy=1.26\n", "x:3: 'numpy=1.26' does not end in NAME-VERSION-BUILD.conda"),
        (f"@EXPLICIT\n{FORGE}/linux-64/a-1.0-0.conda#xyz\n", "x:2: '#xyz' is neither an md5 nor a sha256"),
        (
            f"@EXPLICIT\n{FORGE}/noarch/a-1.0-0.conda\n",
            "x: has only noarch packages, and no '# platform:' line",
        ),
        (
            f"@EXPLICIT\n{FORGE}/osx-64/a-1.0-0.conda\n{FORGE}/linux-64/b-1.0-0.conda\n",
            "x: has packages of linux-64 and osx-64, and no '# platform:' line",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(LockstepError) as caught:
        explicit.parse(text, "x")
    assert message in str(caught.value)


def test_a_package_without_url_cannot_be_written() -> None:
    with pytest.raises(LockstepError, match="a 1 0 has no URL"):
        explicit.render(PackageSet.of([Package("conda", "a", "1", "0")]), "linux-64")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"\xff\xfe@", "the file is UTF-16LE, not UTF-8"),
        (b"x" * ((64 << 20) + 1), "larger than 64 MiB"),
    ],
)
def test_an_unreadable_file_is_told(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "lock").write_bytes(content)
    with pytest.raises(LockstepError, match=message):
        explicit.read(tmp_path / "lock")
    with pytest.raises(LockstepError, match="is a folder, not a file"):
        explicit.read(tmp_path)
