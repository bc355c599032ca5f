"""The same wishes are the same bytes: whatever the order, spelling, folder, mirror, locale, time zone or Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.solve.solve import Solver
from conda_lockstep.lock.update.make import Settings, make_locks

SPELLINGS = (
    ("python=3.12", "python =3.12", "python 3.12.*", "Python=3.12"),
    ("'pytorch=2.*=cuda*'", "pytorch 2.* cuda*", '\'pytorch[version="2.*", build="cuda*"]\''),
    ("numpy >=1.26,<3", "'numpy>=1.26, <3'"),
    ("conda-forge::pandas", "'pandas[channel=conda-forge]'"),
    ("zlib",),
)
CHANNELS = (
    "conda-forge",
    "https://conda.anaconda.org/conda-forge",
    "https://conda.anaconda.org/conda-forge/linux-64",
)
COMMENTS = st.sampled_from(["", "  # why", "   # ümläut", "  # - numpy=1.0"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """An environment file that asks for the same as every other, in other words."""
    entries = draw(st.permutations([draw(st.sampled_from(spelled)) for spelled in SPELLINGS]))
    twice = draw(st.sampled_from([[], entries[:1]]))
    indent = draw(st.sampled_from(["", "  ", "    "]))
    lines = [f"{indent}- {entry}{draw(COMMENTS)}" for entry in [*entries, *twice]]
    head = draw(st.sampled_from(["", "# train\n\n", "name: train\n", "\ufeff"]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = f"{head}channels:\n{indent}- {draw(st.sampled_from(CHANNELS))}\ndependencies:\n" + "\n".join(lines)
    return (text + draw(st.sampled_from(["", "\n", "\n\n"]))).replace("\n", newline)


@pytest.fixture(scope="module")
def mirrored(anaconda, index_cache):
    """Solvers that reach the same channels at two addresses."""
    urls = (anaconda, anaconda.replace("127.0.0.1", "localhost"))
    return [
        Solver(Mirrors({"https://conda.anaconda.org": url}, TRUSTED), cache=index_cache / "repodata")
        for url in urls
    ]


@pytest.fixture(scope="module")
def expected(mirrored):
    """The bytes that every spelling has to give."""
    entries = "".join(f"  - {spelled[0]}\n" for spelled in SPELLINGS)
    text = f"channels: [conda-forge]\ndependencies:\n{entries}"
    return _locked(text, "environment.yml", mirrored[0])


def _locked(text: str, path: str, solver: Solver) -> dict[str, bytes]:
    chosen = Settings(("linux-64",), "12.9", mirrors=solver.mirrors)
    return {
        name: cep37.render(lock).encode()
        for name, lock in make_locks(parse(text, path), chosen, solver).items()
    }


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=files(),
    folder=st.sampled_from(["", "/home/a/", "deep/er/"]),
    mirror=st.sampled_from([0, 1]),
    zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/St_Johns"]),
    language=st.sampled_from(["C", "tr_TR.UTF-8", "de_DE.UTF-8"]),
    seen=st.sampled_from(["", "11.2", "13.0"]),
)
def test_what_asks_for_the_same_is_locked_to_the_same_bytes(
    mirrored, expected, text, folder, mirror, zone, language, seen
):
    given = {"TZ": zone, "LC_ALL": language, "LANG": language, "CONDA_OVERRIDE_CUDA": seen}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        time.tzset()
        assert _locked(text, f"{folder}environment.yml", mirrored[mirror]) == expected
    time.tzset()


def _pythons() -> list[str]:
    """Other Pythons of this machine: those on the PATH that run, and those beside this one as pyenv keeps them."""
    found = {}
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for minor in range(10, 16):
        name = f"python3.{minor}"
        kept = sorted(Path(sys.base_prefix).parent.glob(f"3.{minor}*/bin/{name}"))
        for candidate in filter(None, [shutil.which(name), *map(str, kept)]):
            if (
                name != f"python{own}"
                and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0
            ):
                found[name] = candidate
    return sorted(found.values())


REWRITE = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from conda_lockstep.lock.formats import cep37
lock = cep37.read(Path(sys.argv[1]))
sys.stdout.buffer.write(cep37.render(lock).encode())
"""


def test_every_python_of_this_machine_writes_the_same_bytes(expected, tmp_path):
    (tmp_path / "conda-lock.yml").write_bytes(expected[""])
    others = _pythons()
    if not others:
        pytest.skip("there is no other Python >= 3.10 on this machine")
    source = str(Path(__file__).parents[3] / "src")
    for python in others:
        command = [python, "-I", "-c", REWRITE, str(tmp_path / "conda-lock.yml"), source]
        done = subprocess.run(
            command, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        )
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == expected[""], python


def test_a_lock_names_its_maker_without_a_version(expected):
    """conda's plugin conda-lockfiles reads no custom metadata without this key; conda itself installed such a lock."""
    assert "\n    created_by: 'conda-lockstep'\n" in expected[""].decode()


def test_a_lock_without_its_maker_is_as_canonical(expected):
    text = expected[""].decode().replace("    created_by: 'conda-lockstep'\n", "")
    assert cep37.render(cep37.parse(text, "conda-lock.yml")) == text


def test_no_moment_of_the_solve_and_no_place_is_in_a_lock(expected):
    text = expected[""].decode()
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for stranger in (today, str(Path.home()), "127.0.0.1", "localhost", "indexed"):
        assert stranger not in text
