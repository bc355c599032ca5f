"""A lock that was just written passes its own check, whatever the file requests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.small_index import SmallWheel, write_small_index

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import Config
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.status import stale_reasons
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.update.make import Settings, make_locks

PYPI = (
    SmallWheel("app", "2.0", requires=("lib>=2", "numpy>=1.20", "tool[fast]; python_version>='3.8'"),
               requires_python=">=3.8"),
    SmallWheel("app", "1.0", requires=("lib<2",)),
    SmallWheel("lib", "2.1", requires_python=">=3.8,<4"), SmallWheel("lib", "2.0"), SmallWheel("lib", "1.9"),
    SmallWheel("tool", "1.0", requires=("speed>=1; extra=='fast'", "tool[fast]; extra=='all'"), extras=("fast", "all")),
    SmallWheel("speed", "1.2", tag="cp311-cp311-manylinux_2_17_x86_64"),
    SmallWheel("old", "2.0", requires_python="<3.9"), SmallWheel("old", "1.0", requires_python=">=3"),
    SmallWheel("requests", "2.32.3", requires=("socks>=1,!=1.5; extra=='socks'", "idna"), extras=("socks",)),
    SmallWheel("socks", "1.6"), SmallWheel("uses-requests", "1.0", requires=("requests[socks]>=2",)),
    SmallWheel("idna", "3.0"), SmallWheel("numpy", "1.26.4"),
)  # fmt: skip
CONDA = ("numpy", "numpy>=1", "requests", "pip", "idna", "urllib3>=1.21.1,<3", "tzdata", "__glibc >=2.17")
NUMBERED = ('\'python[version="3.*",build_number=">=0"]\'', "'numpy[build_number=\"<9\"]'")
PIP = (
    "app", "app<2", "app>=2", "lib", "tool", "tool[all]", "tool[fast]", "old", "requests[socks]", "uses-requests",
    "numpy>=1", "app; sys_platform == 'win32'", "speed",
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small index."""
    return write_small_index(tmp_path_factory.mktemp("index") / "pypi", PYPI)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    conda=st.lists(st.sampled_from((*CONDA, *NUMBERED)), unique=True, max_size=4),
    pip=st.lists(st.sampled_from(PIP), unique=True, max_size=4),
)
def test_a_lock_that_was_just_written_passes_its_own_check(forge, index, index_cache, conda, pip):
    lines = "".join(f"  - {entry}\n" for entry in ("python", *conda))
    items = "".join(f"      - {entry}\n" for entry in pip)
    section = f"  - pip:\n{items}" if pip else ""
    file = parse(f"channels: ['{forge.channel_url}']\ndependencies:\n{lines}{section}", "environment.yml")
    settings_ = Settings(
        (forge.subdir,), index=index.as_uri(), cache=index_cache, mirrors=Mirrors({}, TRUSTED)
    )
    try:
        (lock,) = make_locks(file, settings_).values()
    except LockstepError:
        assert {"app<2", "app>=2"} <= {*pip}  # no solution: nothing is written
        return
    text = cep37.render(lock)
    read = cep37.parse(text, "conda-lock.yml")
    assert cep37.render(read) == text
    assert stale_reasons(file, {Path("conda-lock.yml"): read}, Config())[Path("conda-lock.yml")] == []


@pytest.mark.parametrize(
    ("entries", "cuda"),
    [
        (("python=3.12", "pytorch=2.*=cuda*", "torchvision"), "12.9"),
        (('\'python[version="3.12.*",build_number=">=0"]\'', "numpy"), ""),
        (("'_openmp_mutex[build_number=\">2\"]'", "openssl"), ""),
        (("'libblas[build_number=\">=20\"]'",), ""),
    ],
)
def test_a_lock_of_real_metadata_passes_its_own_check(locking, entries, cuda):
    text = "channels:\n  - conda-forge\ndependencies:\n" + "".join(f"  - {entry}\n" for entry in entries)
    written = cep37.render(locking(text, cuda=cuda))
    read = cep37.parse(written, "conda-lock.yml")
    assert cep37.render(read) == written
    found = stale_reasons(parse(text, "environment.yml"), {Path("conda-lock.yml"): read}, Config())
    assert found[Path("conda-lock.yml")] == []
