"""Whether the pip part of a lock still fits is judged as a fresh lock judges it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.update.make import Settings, make_lock, solver_for
from conda_lockstep.packages import PackageSet
from tests.support.small_index import SmallWheel, write_small_index

FILES = (
    SmallWheel("base", "1.0"), SmallWheel("base", "0.9"), SmallWheel("less", "1.0"), SmallWheel("more", "1.0"),
    SmallWheel("rich-one", "1.0", requires=("base", "more; extra == 'more-of-it'", "less; extra == 'less'"),
               extras=("more-of-it", "less", "empty")),
    SmallWheel("asks-for-extra", "1.0", requires=("rich-one[more-of-it]",)),
)  # fmt: skip

EXTRA = ": the lock for {} contains packages that nothing requires: base 1.0"
VARIANTS = (
    ("base",),
    ("'Base  # the same'",),
    ("-r requirements.txt",),
    ("base; sys_platform == 'linux'",),
    ("base", "less; sys_platform == 'win32'"),
    ("base; python_version < '3'", "less"),
    ("less",),
    ("base", "--pre"),
    ("--extra-index-url {other}", "base"),
    ("--extra-index-url {other}/", "base"),
    ("{url}",),
    ("base @ {url}",),
    ("base @ {other_url}",),
    ("rich-one",),
    ("rich-one", "less"),
    ("rich-one[less]",),
    ("rich_one[LESS]", "rich-one"),
    ("rich-one[less, more.of-it]",),
    ("rich-one[less]", "rich-one[more-of-it]"),
    ("rich-one[empty]",),
    ("asks-for-extra",),
    ("asks-for-extra", "rich-one"),
    ("asks-for-extra", "rich-one[more-of-it]"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a requirements file and two indexes."""
    root = tmp_path_factory.mktemp("check")
    write_small_index(root / "pypi", FILES)
    write_small_index(root / "other", [SmallWheel("base", "1.0", extras=("other-bytes",))])
    (root / "requirements.txt").write_text("base\n")
    return root


@pytest.fixture(scope="module")
def lock(folder, forge, index_cache):
    """Locks pip entries beside a Python, each once: ``lock("base")`` is the file and its lock as it is read back."""
    settings = Settings(
        (forge.subdir,),
        index=(folder / "pypi/simple").as_uri(),
        cache=index_cache,
        mirrors=Mirrors({}, TRUSTED),
    )
    solver = solver_for(settings)
    wheel = "files/base-1.0-py3-none-any.whl"
    names = {
        "url": (folder / "pypi" / wheel).as_uri(),
        "other_url": (folder / "other" / wheel).as_uri(),
        "other": (folder / "other/simple").as_uri(),
    }

    def file(*items: str):
        listed = "".join(f"  - {item.format(**names)}\n" for item in items)
        text = f"channels: ['{forge.channel_url}']\ndependencies:\n- python\n- pip:\n{listed}"
        return parse(text, str(folder / "environment.yml"))

    def run(*items: str):
        written = cep37.render(make_lock(file(*items), settings, solver))
        return file(*items), written, cep37.parse(written, "conda-lock.yml")

    return run


def test_a_lock_fits_a_file_exactly_where_the_file_locks_to_the_same_bytes(lock):
    locked = [lock(*items) for items in VARIANTS]
    judged, fresh = {}, {}
    for old, (_, before, held) in zip(VARIANTS, locked, strict=True):
        for new, (file, after, _) in zip(VARIANTS, locked, strict=True):
            judged[old, new] = is_satisfied(file, held, mirrors=Mirrors({}, TRUSTED)) == []
            fresh[old, new] = before == after
    assert {pair: fits for pair, fits in judged.items() if fits != fresh[pair]} == {}
    assert sum(fresh.values()) > len(VARIANTS)


def _reasons(lock, before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    _, _, held = lock(*before)
    file, _, _ = lock(*after)
    return [
        str(reason).partition("environment.yml")[2]
        for reason in is_satisfied(file, held, mirrors=Mirrors({}, TRUSTED))
    ]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (("rich-one",), ("rich-one[empty]",), ":5:5: 'rich-one[empty]' is requested; the lock was made"),
        (("rich-one[empty]",), ("rich-one",), ":5:5: 'rich-one[empty]' is no longer requested; the lock was"),
        (("base @ {url}",), ("base",), ":5:5: 'base' is no longer requested by a URL; the lock was"),
        (("base",), ("base", "--pre"), ": pip's options are --pre; the lock was made with none"),
        (("base",), ("base; sys_platform == 'win32'",), EXTRA),
    ],
)  # fmt: skip
def test_the_reason_names_what_changed(lock, forge, before, after, reason):
    assert any(found.startswith(reason.format(forge.subdir)) for found in _reasons(lock, before, after))


def test_a_change_in_a_requirements_file_is_judged_with_its_place_there(lock, folder):
    file, _, held = lock("-r requirements.txt")
    requirements = folder / "requirements.txt"
    try:
        requirements.write_text("# bounds\nbase<1\n")
        (reason,) = is_satisfied(file, held, mirrors=Mirrors({}, TRUSTED))
        assert str(reason).startswith(f"{requirements}:2:1: 'base<1' is requested; the lock for ")
    finally:
        requirements.write_text("base\n")


def test_constraints_are_held_against_what_is_locked_and_ask_for_nothing(lock, folder):
    (folder / "bounds.txt").write_text("base>=1\nless<1\n")
    file, _, _ = lock("base", "-c bounds.txt")
    _, _, held = lock("base")
    assert is_satisfied(file, held, mirrors=Mirrors({}, TRUSTED)) == []
    (folder / "bounds.txt").write_text("base<1\n")
    (reason,) = is_satisfied(file, held, mirrors=Mirrors({}, TRUSTED))
    assert str(reason).startswith(f"{folder}/bounds.txt:1:1: 'base<1' is requested; the lock for ")


def test_a_hash_that_the_locked_file_has_not_is_named(lock):
    (reason,) = _reasons_of_hash(lock, "0" * 64)
    assert "with another hash" in reason
    _, _, held = lock("base")
    ((_, packages),) = held.platforms.items()
    assert _reasons_of_hash(lock, packages["pip", "base"].sha256) == []


def _reasons_of_hash(lock, digest: str) -> list[str]:
    file, _, held = lock("base")
    text = file.source.text.replace("- base\n", f"- base==1.0 --hash=sha256:{digest}\n")
    return [
        str(reason) for reason in is_satisfied(parse(text, file.path), held, mirrors=Mirrors({}, TRUSTED))
    ]


def test_a_pip_package_that_lacks_what_it_needs_is_named(lock):
    file, _, held = lock("rich-one")
    ((platform, packages),) = held.platforms.items()
    without = PackageSet.of(package for key, package in packages.items() if key != ("pip", "base"))
    broken: Lock = dataclasses.replace(held, platforms={platform: without})
    assert [reason.what for reason in is_satisfied(file, broken, mirrors=Mirrors({}, TRUSTED))] == [
        f"pip's rich-one needs 'base'; the lock for {platform} has none"
    ]
