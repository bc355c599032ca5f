"""The README: what it shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.forge import Forge

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(marker: str) -> str:
    """Return the fenced block behind a marker."""
    match = re.search(rf"<!-- {re.escape(marker)} -->\n```\w*\n(.*?)```", README, re.DOTALL)
    assert match, marker
    return match[1]


def lockstep(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "conda_lockstep", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path: Path, forge: Forge) -> Path:
    """A folder with the README's environment file, in which conda-forge and PyPI are the forge's."""
    python = forge.python_version.rpartition(".")[0]
    text = block("environment.yml").replace("python=3.11", f"python={python}")
    (tmp_path / "environment.yml").write_text(text, encoding="utf-8")
    (tmp_path / "lockstep.toml").write_text(
        f'[mirrors]\n"https://conda.anaconda.org/conda-forge" = "{forge.channel_url}"\n'
        f'"https://pypi.org/simple" = "{(forge.pypi / "simple").as_uri()}"\n'
    )
    return tmp_path


def test_the_finding_is_the_one_that_lint_prints(project: Path) -> None:
    command, _, shown = block("run").partition("\n")
    said = lockstep(*command.removeprefix("$ lockstep ").split(), cwd=project)
    assert said.returncode == 1
    assert shown in said.stdout
    for promised in ("gpu-variant-unspecified: 'pytorch=2.4'", "stray-pip: 'requests==2.32.3'"):
        assert promised in said.stdout


def test_the_drift_comment_is_the_one_that_diff_writes(project: Path) -> None:
    (project / "environment.yml").write_text(
        re.sub(
            r"  - pip\n.*", "  - requests=2.32\n  - tqdm=4.67\n", block("environment.yml"), flags=re.DOTALL
        )
        .replace("numpy 2.2", "numpy=2.2")
        .replace("python=3.11", f"python={sys.version_info.major}.{sys.version_info.minor}")
    )
    assert lockstep("lock", "--cuda", "12.4", cwd=project).returncode == 0
    (project / "conda-lock.yml").rename(project / "old.conda-lock.yml")
    assert lockstep("lock", cwd=project).returncode == 0
    said = lockstep("diff", "old.conda-lock.yml", "conda-lock.yml", "--format", "markdown", cwd=project)
    shown = re.search(r"<!-- drift -->\n(.*?)<!-- end -->", README, re.DOTALL)
    assert shown
    assert masked(shown[1]) in masked(said.stdout)


def masked(text: str) -> str:
    """Hide what depends on the machine's Python: environment ids and build strings."""
    return re.sub(r"ls1-[0-9a-f]{12}|(?<=_)py3[^`]+", "…", text).strip()


def test_the_hooks_that_it_names_exist() -> None:
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    named = set(re.findall(r"`(lockstep(?:-[a-z]+)?)`", README)) - {"lockstep-installs"}
    assert named <= hooks
    config = yaml.safe_load(block("pre-commit"))
    assert {hook["id"] for repo in config["repos"] for hook in repo["hooks"]} <= hooks


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("*.md")))
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.parametrize(
    "place", ["src/conda_lockstep/lint/rules", "src/conda_lockstep/lock/formats", "src/conda_lockstep/github/publish",
              "src/conda_lockstep/drift/severity"],
)  # fmt: skip
def test_what_people_look_for_is_two_clicks_away(place: str) -> None:
    assert "](CONTRIBUTING.md)" in README
    assert f"]({place})" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
