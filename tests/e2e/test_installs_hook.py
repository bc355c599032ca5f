"""The hook that looks at Dockerfiles, scripts and workflows, as users run it."""

from __future__ import annotations

import pytest

from tests.support.hooks import Hooks, config
from tests.support.repository import Repository

FILES = {
    "docker/gpu.Dockerfile": "FROM nvidia/cuda:12.4.1-base\nRUN conda create -n x -c conda-forge pytorch\n",
    "scripts/setup.sh": "#!/bin/sh\nconda env update -f environment.yml\nconda clean --all\n",
    "jobs/train.sbatch": "#!/bin/bash\n#SBATCH --gpus 8\nconda update --all -y\n",
    ".github/workflows/test.yml": "jobs:\n  a:\n    container: python\n    steps:\n      - run: mamba install a\n",
    "environment.yml": "dependencies:\n  - numpy\n",
    "notes.txt": "conda update --all\n",
}


pytestmark = pytest.mark.parametrize("tool", ["pre-commit", "prek"])


def test_it_looks_at_every_kind_of_file_that_installs(tool: str, hooks: Hooks, scratch: Repository) -> None:
    scratch.commit({".pre-commit-config.yaml": config(hooks, "lockstep-installs"), **FILES})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    for said in (
        "docker/gpu.Dockerfile:2:5: warning missing-yes: ",
        "docker/gpu.Dockerfile:2:5: warning no-cuda-override: ",
        "scripts/setup.sh:2:1: warning env-update-without-prune: ",
        "jobs/train.sbatch:3:1: warning update-all: ",
        ".github/workflows/test.yml:3:16: warning unpinned-image: ",
    ):
        assert said in done.printed
    assert "environment.yml:" not in done.printed
    assert "notes.txt" not in done.printed
    assert "Traceback" not in done.printed


def test_with_fix_it_mends_what_is_safe(tool: str, hooks: Hooks, scratch: Repository) -> None:
    settings = config(hooks, "lockstep-installs", options={"args": "[--fix]"})
    scratch.commit({".pre-commit-config.yaml": settings, **FILES})
    assert hooks.run(tool, scratch).status == 1
    text = (scratch.folder / "scripts" / "setup.sh").read_text()
    assert text == FILES["scripts/setup.sh"].replace("conda clean", "conda clean -y")
    assert "mamba install -y a" in (scratch.folder / ".github" / "workflows" / "test.yml").read_text()
