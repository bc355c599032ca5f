"""The recipes of ``docs/slurm`` on a real Slurm: a node that drifted takes no job."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scripts.build_zipapp import build

from conda_lockstep.lock.formats import manifest
from tests.support.docs import DOCS
from tests.support.prefixes import Installed, copy_of, installed
from tests.support.slurm import Cluster, cluster, missing

__all__ = ["installed"]

RECIPES = DOCS / "slurm"
on_slurm = pytest.mark.skipif(bool(missing()), reason=f"Slurm is not installed: no {missing()}")


@pytest.mark.parametrize("path", sorted(RECIPES.iterdir()), ids=lambda path: path.name)
def test_the_page_shows_the_recipe_as_it_was_run(path: Path) -> None:
    assert path.read_text() in (DOCS / "slurm.md").read_text()


class Site:
    """What an administrator put on the nodes: the zipapp, an environment with its lock on each, and the recipes."""

    def __init__(self, folder: Path, installed: Installed) -> None:
        self.folder = folder
        self.archive = build(folder / "lockstep.pyz")
        # These nodes have no driver, which the lock of the installed packages requires.
        lock = replace(installed.lock, metadata={f"{installed.platform}.needs": ""})
        for node in ("a", "b"):
            copy_of(installed.prefix, self.environment(node))
            self.environment(node).with_suffix(".json").write_text(manifest.render(lock))

    def environment(self, node: str) -> Path:
        return self.folder / "opt" / node / "train"

    def recipe(self, name: str) -> Path:
        """Lay a recipe out with this site's paths; both nodes are on one machine, so each has its own folder."""
        text = (RECIPES / name).read_text()
        for theirs, ours in (
            ("\nscontrol", f"\nSLURM_CONF={self.folder}/slurm/slurm.conf scontrol"),
            ("/etc/slurm/lockstep-prolog.sh", str(self.folder / "prolog.sh")),
            ("/opt/envs", f"{self.folder}/opt/$SLURMD_NODENAME"),
            ("/opt/lockstep.pyz", str(self.archive)),
            ("python3 -I", f"{sys.executable} -I"),
        ):
            text = text.replace(theirs, ours)
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def damage(self, node: str) -> None:
        [record] = self.environment(node).glob("conda-meta/tqdm-*.json")
        record.rename(self.folder / record.name)

    def repair(self, node: str) -> None:
        [record] = self.folder.glob("tqdm-*.json")
        record.rename(self.environment(node) / "conda-meta" / record.name)


@pytest.fixture
def site(installed: Installed) -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:  # pytest's are too long for a socket
        yield Site(Path(folder), installed)


@pytest.fixture
def slurm(site: Site) -> Iterator[Cluster]:
    folder = site.folder / "slurm"
    folder.mkdir(mode=0o755)
    settings = f"Prolog={site.recipe('prolog.sh')}\nPrologFlags=Alloc\n"
    with cluster(folder, ["a", "b"], settings) as made:
        yield made


@on_slurm
def test_a_node_that_drifted_takes_no_job_until_it_is_mended(site: Site, slurm: Cluster) -> None:
    sound = slurm.run("srun", "-N2", "echo", "ran")
    assert (sound.stdout, sound.returncode) == ("ran\nran\n", 0), sound.stderr
    site.damage("b")
    refused = slurm.run("srun", "-w", "b", "echo", "ran")
    assert (refused.stdout, refused.returncode != 0) == ("", True)
    slurm.wait(lambda states: states["b"][0] == "drained")
    assert slurm.states()["b"][1] == "Prolog error"
    assert "tqdm" in slurm.log("b")
    assert slurm.run("srun", "-N1", "printenv", "SLURMD_NODENAME").stdout == "a\n"
    site.repair("b")
    slurm.run("scontrol", "update", "nodename=b", "state=resume")
    slurm.wait(lambda states: states["b"][0] == "idle")
    assert slurm.run("srun", "-w", "b", "echo", "ran").stdout == "ran\n"


@on_slurm
def test_a_job_whose_own_variables_hide_a_package_ends_before_it_trains(site: Site, slurm: Cluster) -> None:
    (site.folder / "train.py").write_text("print('trained')\n")
    shadow = site.folder / "home" / "tqdm"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").touch()
    for variables, trained in (({}, 2), ({"PYTHONPATH": str(shadow.parent)}, 0)):
        output = site.folder / f"job-{trained}.out"
        slurm.run(
            "sbatch",
            "--wait",
            f"--output={output}",
            str(site.recipe("train.sbatch")),
            cwd=site.folder,
            **variables,
        )
        said = output.read_text()
        assert said.count("trained") == trained, said
        assert ("PYTHONPATH" in said) is not bool(trained)


@on_slurm
def test_the_nodes_write_what_they_hold_and_the_odd_one_is_named(site: Site, slurm: Cluster) -> None:
    recipe = site.recipe("snapshots.sh")
    recipe.write_text(recipe.read_text().replace("/shared/fleet", f"{site.folder}/fleet"))
    site.damage("b")
    (site.folder / "prolog.sh").write_text("#!/bin/sh\n")  # it would keep the odd node out
    written = slurm.run("sh", str(recipe), cwd=site.folder)
    assert written.returncode == 0, written.stderr
    command = [sys.executable, "-I", str(site.archive), "fleet", "fleet", "--lock", "opt/a/train.json"]
    done = subprocess.run(command, cwd=site.folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "1 of 2 nodes differs: b\n" in done.stdout
    assert "tqdm (pip)  conda 4.67.1 → pip 4.67.1" in done.stdout


@on_slurm
def test_a_node_is_drained_before_a_job_comes(site: Site) -> None:
    site.recipe("prolog.sh")
    settings = (
        f"HealthCheckProgram={site.recipe('health.sh')}\nHealthCheckInterval=1\nHealthCheckNodeState=ANY\n"
    )
    folder = site.folder / "slurm"
    folder.mkdir(mode=0o755)
    with cluster(folder, ["a", "b"], settings) as made:
        site.damage("b")
        made.wait(lambda states: states["b"][0] == "drained")
        [why] = [why for state, why in made.states().values() if state == "drained"]
        assert why == "lockstep: high tqdm (pip) conda 4.67.1 → pip 4.67.1 manager"
        assert made.states()["a"] == ("idle", "none")
