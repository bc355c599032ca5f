"""requirements.txt and pylock.toml: read by what they are for, and installed from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.pylock import PackageVcs, PackageWheel, Pylock
from uv import find_uv_bin

from conda_lockstep.errors import LockstepError
from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip.pylock import tomllib
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.packages import Package, PackageSet

FILES = "https://files.pythonhosted.org/packages"
COMMIT = Package("pip", "b", "0.1", url=f"git+https://example.org/b.git@{'e' * 40}#subdirectory=python")


def wheel(name: str, version: str, tag: str = "py3-none-any", *, url: str = FILES) -> Package:
    return Package("pip", name, version, url=f"{url}/{name}-{version}-{tag}.whl", sha256="1" * 64)


def subject(*packages: Package, **platforms: tuple[Package, ...]) -> Subject:
    found = {name.replace("_", "-"): listed for name, listed in platforms.items()} or {"linux-64": packages}
    return Subject(Lock({name: PackageSet.of(listed) for name, listed in found.items()}), "conda-lock.yml")


def test_requirements_are_exact() -> None:
    conda = Package("conda", "numpy", "1", "0", "linux-64")
    torch = wheel("torch", "2.4.0+cu118", "cp311-cp311-linux_x86_64", url="https://download.example/whl")
    written = export("requirements", subject(wheel("attrs", "25.1.0"), torch, conda))
    assert written.text == (
        "# Written by conda-lockstep from the lock, for linux-64: do not edit.\n"
        "# pip install --no-deps --require-hashes -r requirements.txt\n"
        f"attrs==25.1.0 \\\n    --hash=sha256:{'1' * 64}\n"
        "torch @ https://download.example/whl/torch-2.4.0+cu118-cp311-cp311-linux_x86_64.whl \\\n"
        f"    --hash=sha256:{'1' * 64}\n"
    )
    assert written.lost == ("1 conda package is not in it: numpy",)


def test_a_commit_has_no_hash_and_so_no_place_in_requirements() -> None:
    written = export("requirements", subject(COMMIT))
    assert "example.org" not in written.text
    assert written.lost == (
        "1 project is not in it, as pip has no hashes for them: b; install after it: pip install --no-deps "
        f"--no-build-isolation 'b @ git+https://example.org/b.git@{'e' * 40}#subdirectory=python'",
    )


def test_pylock_is_exact_and_valid() -> None:
    written = export(
        "pylock", subject(wheel("attrs", "25.1.0")._replace(depends=("six >=1",)), wheel("six", "1"), COMMIT)
    )
    assert written.text == (
        "# Written by conda-lockstep from the lock: do not edit.\n"
        "# uv pip install --no-deps -r pylock.toml\n"
        'lock-version = "1.0"\n'
        "environments = [\"sys_platform == 'linux' and platform_machine == 'x86_64'\"]\n"
        'created-by = "conda-lockstep"\n'
        '\n[[packages]]\nname = "attrs"\nversion = "25.1.0"\ndependencies = [{ name = "six" }]\nwheels = [\n'
        f'    {{ url = "{FILES}/attrs-25.1.0-py3-none-any.whl", hashes = {{ sha256 = "{"1" * 64}" }} }},\n]\n'
        '\n[[packages]]\nname = "b"\nversion = "0.1"\n'
        f'vcs = {{ type = "git", url = "https://example.org/b.git", commit-id = "{"e" * 40}", '
        'subdirectory = "python" }\n'
        '\n[[packages]]\nname = "six"\nversion = "1"\nwheels = [\n'
        f'    {{ url = "{FILES}/six-1-py3-none-any.whl", hashes = {{ sha256 = "{"1" * 64}" }} }},\n]\n'
    )
    lock = Pylock.from_dict(tomllib.loads(written.text))
    assert [type(package.vcs) for package in lock.packages] == [type(None), PackageVcs, type(None)]


def test_packaging_selects_for_each_platform_what_is_locked_for_it(real: Lock) -> None:
    written = export("pylock", Subject(real, "conda-lock.yml"))
    pylock = Pylock.from_dict(tomllib.loads(written.text))
    for platform, packages in real.platforms.items():
        target = WheelTarget(packages["conda", "python"].version, platform, ())
        environment = {**target.markers, "extra": ""}
        chosen = {
            (package.name, file.url, file.hashes["sha256"])
            for package, file in pylock.select(environment=environment, tags=target.tags)
            if isinstance(file, PackageWheel)
        }
        assert chosen == {(pip.name, pip.url, pip.sha256) for pip in packages.only("pip").values()}


def test_platforms_with_other_versions_and_other_files() -> None:
    cp = "cp312-cp312-manylinux_2_17"
    both = subject(
        linux_64=(wheel("a", "1"), wheel("b", "1", f"{cp}_x86_64"), wheel("only", "3")),
        linux_aarch64=(wheel("a", "2"), wheel("b", "1", f"{cp}_aarch64")),
    )
    pylock = Pylock.from_dict(tomllib.loads(export("pylock", both).text))
    for platform, packages in both.lock.platforms.items():
        target = WheelTarget("3.12.1", platform, ())
        chosen = pylock.select(environment={**target.markers, "extra": ""}, tags=target.tags)
        assert {(package.name, str(package.version), file.url) for package, file in chosen} == {
            (pip.name, pip.version, pip.url) for pip in packages.values()
        }


@pytest.mark.parametrize(
    ("package", "said"),
    [
        (
            Package("pip", "mine", "1", url="mine", sha256="1" * 64),
            "mine 1 is 'mine', which is no URL; publish it",
        ),
        (
            Package("pip", "a", "1", url="https://example.org/a-1.tar.gz"),
            "a 1 has no sha256, and pylock.toml needs one",
        ),
    ],
)
def test_what_a_pylock_cannot_hold(package: Package, said: str) -> None:
    with pytest.raises(LockstepError) as caught:
        export("pylock", subject(package))
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["requirements", "pylock"])
def test_uv_installs_it(forged: Lock, tmp_path: Path, name: str) -> None:
    file = tmp_path / ("pylock.toml" if name == "pylock" else "requirements.txt")
    file.write_text(export(name, Subject(forged, "conda-lock.yml")).text)
    command = [
        find_uv_bin(), "pip", "install", "--no-config", "--python", sys.executable, "--target", str(tmp_path / "into"),
        "--no-deps", "--require-hashes", "--no-index", "--cache-dir", str(tmp_path / "uv"), "-r", str(file),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ((_, packages),) = forged.platforms.items()
    installed = {folder.name.partition("-")[0] for folder in (tmp_path / "into").glob("*.dist-info")}
    assert installed == {package.name.replace("-", "_") for package in packages.only("pip").values()}
