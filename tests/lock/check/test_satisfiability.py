"""A lock is stale exactly where a spec is not met, an edge does not hold, or nothing requires a package any more."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys

import pytest
from tests.support.lock_pairs import OWN

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.packages import PackageSet

ENTRIES = ("python", "requests>=2.30", "numpy", "pip")


def _text(forge, entries=ENTRIES, pip=("humanize", "requests-toolbelt>=1.0"), channels=None, head="") -> str:
    listed = "".join(f"  - {channel}\n" for channel in channels or [forge.channel_url])
    lines = "".join(f"  - {entry}\n" for entry in entries)
    items = "".join(f"      - {entry}\n" for entry in pip)
    return f"{head}channels:\n{listed}dependencies:\n{lines}" + (f"  - pip:\n{items}" if pip else "")


NO_MIRRORS = Mirrors({}, TRUSTED)


@pytest.fixture(scope="module")
def lock(forge, tmp_path_factory) -> Lock:
    """A lock of the file above, as a reader of the written file has it."""
    settings = Settings(
        (forge.subdir,),
        index=f"{forge.pypi.as_uri()}/simple",
        cache=tmp_path_factory.mktemp("cache"),
        mirrors=Mirrors({}, TRUSTED),
    )
    made = make_lock(parse(_text(forge), "environment.yml"), settings)
    return cep37.parse(cep37.render(made), "conda-lock.yml")


def _reasons(text: str, lock: Lock, *, mirrors: Mirrors = NO_MIRRORS, **options) -> list[str]:
    file = parse(text, "environment.yml")
    return [str(reason) for reason in is_satisfied(file, lock, mirrors=mirrors, **options)]


def test_a_fresh_lock_fits(forge, lock):
    assert _reasons(_text(forge), lock) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_comment_an_order_or_a_spelling_never_makes_a_lock_stale(forge, lock, seed):
    spelled = {
        "python": ["python", "Python", "'python >=3'", "python  # the interpreter"],
        "requests>=2.30": ["requests >=2.30", "'requests[version=\">=2.30\"]'", "requests>=2.30.0"],
        "numpy": ["numpy", "NumPy", "'numpy>=1'", f"'{forge.channel_url}::numpy'"],
        "pip": ["pip", "pip>=20"],
    }
    chance = random.Random(seed)
    entries = [chance.choice(spelled[entry]) for entry in ENTRIES]
    chance.shuffle(entries)
    pip = ["humanize  # nice numbers", "Requests_Toolbelt >= 1.0"]
    chance.shuffle(pip)
    text = _text(forge, entries, pip, head="# a comment\nname: other\n\n")
    assert _reasons(text, lock) == []


@pytest.mark.parametrize(
    ("entries", "pip", "reason"),
    [
        ((*ENTRIES, "pandas"), None, "environment.yml:8:5: 'pandas' is not in the lock for {platform}"),
        (("python", "requests>=99", "numpy", "pip"), None, "environment.yml:5:5: 'requests>=99' is requested"),
        (("python", "requests>=2.30", "pip"), None, "environment.yml: {extra}numpy "),
        (("python", "requests>=2.30", "numpy=*=mkl*", "pip"), None, "environment.yml:6:5: 'numpy=*=mkl*' is requested"),
        (None, ("humanize",), "environment.yml: {extra}requests-toolbelt 1.0.0"),
        (None, ("humanize>=99", "requests-toolbelt"), "environment.yml:9:9: 'humanize>=99' is requested; the lock"),
        (None, ("humanize", "requests-toolbelt", "tabulate"), "environment.yml:11:9: 'tabulate' is not in the lock"),
        (None, ("humanize", "requests-toolbelt", "numpy>99"), "environment.yml:11:9: 'numpy>99' is requested"),
        (None, ("humanize", "requests-toolbelt", "tabulate; sys_platform == 'win32'"), None),
        (None, ("humanize", "requests-toolbelt", "numpy>=1"), None),
    ],
)  # fmt: skip
def test_a_requested_spec_that_is_not_met_is_named(forge, lock, entries, pip, reason):
    text = _text(forge, entries or ENTRIES, ("humanize", "requests-toolbelt>=1.0") if pip is None else pip)
    reasons = _reasons(text, lock)
    if reason is None:
        assert reasons == []
    else:
        extra = f"the lock for {forge.subdir} contains packages that nothing requires: "
        expected = reason.format(platform=forge.subdir, extra=extra)
        assert [found.startswith(expected) for found in reasons].count(True) == 1, reasons


def test_channels_and_their_order_count(forge, lock):
    for channels in (
        ["conda-forge", forge.channel_url],
        ["conda-forge"],
        [forge.channel_url, "nodefaults", "conda-forge"],
    ):
        reasons = _reasons(_text(forge, channels=channels), lock)
        assert any(reason.startswith("environment.yml:2:3: the channels are ") for reason in reasons)
    assert _reasons(_text(forge, channels=[f"{forge.channel_url}/", "nodefaults"]), lock) == []


def test_a_check_needs_no_credentials(forge, lock, monkeypatch):
    monkeypatch.delenv("CI_TOKEN", raising=False)
    channels = [forge.channel_url, "https://ci:${CI_TOKEN}@conda.example.com/t/$CI_TOKEN/team"]
    held = f"the lock is from {forge.channel_url}"
    asked = f"the channels are {forge.channel_url}, https://conda.example.com/team"
    assert _reasons(_text(forge, channels=channels), lock) == [f"environment.yml:2:3: {asked}; {held}"]


def test_platforms_count(forge, lock):
    assert _reasons(_text(forge), lock, platforms=[forge.subdir]) == []
    other = "osx-arm64"
    assert _reasons(_text(forge), lock, platforms=[forge.subdir, other]) == [
        f"environment.yml: the lock has nothing for {other}"
    ]
    assert f"environment.yml: the lock is for {forge.subdir}, too, which is not requested" in _reasons(
        _text(forge), lock, platforms=[other]
    )


def _changed(lock: Lock, name: str, **changes) -> Lock:
    ((platform, packages),) = lock.platforms.items()
    others = [package for package in packages.values() if package.name != name]
    changed = [packages["conda", name]._replace(**changes)] if changes else []
    return dataclasses.replace(lock, platforms={platform: PackageSet.of([*others, *changed])})


def test_an_edge_that_does_not_hold_is_named(forge, lock):
    platform = forge.subdir
    assert (
        f"environment.yml: requests needs 'urllib3 >=1.21.1,<3'; the lock for {platform} has none"
        in _reasons(_text(forge), _changed(lock, "urllib3"))
    )
    assert any(
        reason.startswith("environment.yml: requests needs 'urllib3 >=1.21.1,<3'; the lock for")
        and " urllib3 9.0 " in reason
        for reason in _reasons(_text(forge), _changed(lock, "urllib3", version="9.0"))
    )


def test_a_requested_virtual_package_is_the_machines(forge, lock):
    assert _reasons(_text(forge, (*ENTRIES, "__glibc >=2.17")), lock) == []
    (reason,) = _reasons(_text(forge, (*ENTRIES, "__cuda >=12")), lock)
    assert reason.startswith(
        f"environment.yml:8:5: '__cuda >=12' is requested; the lock for {forge.subdir} is for a machine with "
    )


def test_a_dependency_of_pips_that_does_not_hold_is_named(forge, lock):
    ((platform, packages),) = lock.platforms.items()
    held = packages["pip", "humanize"]
    for depends, has in (("tabulate", "none"), ("requests-toolbelt >=99", "requests-toolbelt 1.0.0")):
        needy = held._replace(depends=(depends,))
        changed = dataclasses.replace(lock, platforms={platform: PackageSet.of([*packages.values(), needy])})
        told = f"pip's humanize needs '{depends}'; the lock for {platform} has {has}"
        assert _reasons(_text(forge), changed) == [f"environment.yml: {told}"]


def test_a_constraint_is_held_where_the_lock_knows_of_it(forge, lock):
    """A pixi.lock does, CEP 37 has no place for it."""
    for spec in ("idna >=99", "idna[version='>=99']", "absent >=99"):
        reasons = _reasons(_text(forge), _changed(lock, "numpy", constrains=(spec,)))
        held = f"numpy rules out all but '{spec}'; the lock for {forge.subdir} has idna "
        assert [reason.startswith(f"environment.yml: {held}") for reason in reasons] == [True] * (
            "idna" in spec
        )


def test_what_packages_constrain_of_the_machine_is_held_against_the_one_that_was_solved_for(forge, lock):
    """Only a merge or an edit can bring the two apart: ``cuda-version`` says what driver it needs under constrains."""
    name = forge.subdir
    for allows, fits in (("__cuda >=12.8", False), ("__cuda >=12", True), ("__absent >=1", True)):
        facts = {f"{name}.machine": "__cuda=12.4", f"{name}.allows": allows}
        reasons = _reasons(_text(forge), dataclasses.replace(lock, metadata={**lock.metadata, **facts}))
        told = f"environment.yml: the packages for {name} rule out all but '{allows}'; the lock is for a machine with"
        assert [reason for reason in reasons if reason.startswith(told)] == (
            [] if fits else [f"{told} __cuda=12.4"]
        )


def test_a_check_does_without_the_solver(forge, lock, tmp_path):
    """Another machine's match specs and channels included; to import rattler takes as long as all the rest."""
    (tmp_path / "environment.yml").write_text(
        _text(forge, (*ENTRIES, f"{forge.channel_url}::idna", "__glibc >=2.17"))
    )
    cep37.write(lock, tmp_path / "conda-lock.yml")
    code = "import sys; sys.modules.update(rattler=None, asyncio=None); import conda_lockstep.cli.main as m; m.entry()"
    done = subprocess.run(
        [sys.executable, "-c", code, "lock", "--check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "conda-lock.yml fits environment.yml\n", "")


def test_a_package_of_another_channel_is_named(forge, lock):
    reasons = _reasons(_text(forge), _changed(lock, "idna", channel="https://conda.anaconda.org/other"))
    assert [
        reason for reason in reasons if "idna is from https://conda.anaconda.org/other in the lock" in reason
    ]


def test_a_machine_that_the_lock_was_not_made_for_is_named(forge, lock):
    needy = _changed(lock, "numpy", depends=("python", "__cuda >=12"))
    assert any("numpy needs '__cuda >=12'" in reason for reason in _reasons(_text(forge), needy))
    unknown = dataclasses.replace(needy, metadata={})
    assert not any("__cuda" in reason for reason in _reasons(_text(forge), unknown))


@pytest.mark.parametrize("pair", OWN)
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_lock_of_real_metadata_fits_its_file_and_not_the_other_sides(lock_pair, pair, side):
    folder = lock_pair(pair)
    (other,) = {"old", "new"} - {side}
    own, theirs = (parse((folder / each / "environment.yml").read_text(), "e.yml") for each in (side, other))
    lock = cep37.read(folder / side / "conda-lock.yml")
    assert is_satisfied(own, lock, mirrors=Mirrors({}, TRUSTED)) == []
    assert is_satisfied(theirs, lock, mirrors=Mirrors({}, TRUSTED))


def test_real_locks_of_conda_lock_fit_their_files(corpus):
    """conda-lock's own example, with its environment file beside it; mirrors and machines do not matter here."""
    folder = corpus / "locks" / "conda-lock"
    name = "conda__conda-lock__example-zlib-conda-lock.yml"
    file = parse((folder / f"{name}.environment.yml").read_text(), "environment.yml")
    assert is_satisfied(file, cep37.read(folder / name), mirrors=Mirrors({}, TRUSTED)) == []


def test_no_credentials_of_a_mirror_are_needed_to_check(forge, lock, monkeypatch):
    """A developer who has no token of the mirror can still ask whether a lock fits."""
    monkeypatch.delenv("MIRROR_TOKEN", raising=False)
    mirrors = Mirrors({forge.channel_url: "https://${MIRROR_TOKEN}@mirror.example/forge"}, TRUSTED)
    entries = [f"'{forge.channel_url}::numpy'", *(entry for entry in ENTRIES if entry != "numpy")]
    assert _reasons(_text(forge, entries), lock, mirrors=mirrors) == []
