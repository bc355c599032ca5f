"""``lockstep fleet`` names the nodes that are not like the others, and what they have otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.snapshot.test_snapshot_json import NODE
from tests.support.prefixes import Installed, copy_of
from tests.support.schemas import schema

from conda_lockstep.cli.main import main
from conda_lockstep.cli.report_output import FORMATS
from conda_lockstep.drift.compare.machine_diff import compared_values, machine_rows
from conda_lockstep.drift.compare.operands import read_source
from conda_lockstep.drift.fleet.fleet import FleetNode, compare_fleet
from conda_lockstep.drift.report import Report
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot import prefix as prefixes
from conda_lockstep.snapshot import snapshot_json as document
from conda_lockstep.snapshot.model import Gpu, Machine, Snapshot
from conda_lockstep.snapshot.model import Installed as Held

SOUND = NODE._replace(kernel_module="550.54.15", notes=())
OLDER = SOUND._replace(driver="535.104.05", kernel_module="535.104.05", cuda="12.2")


def held(*versions: str, platform: str = "linux-64") -> Held:
    packages = PackageSet.of(
        Package("conda", f"p{number}", version, build="0", subdir="noarch")
        for number, version in enumerate(versions)
    )
    return Held("/opt/envs/train", platform, packages)


def fleet(*states: tuple[Held, Machine]) -> list[FleetNode]:
    return [FleetNode(f"node{number}", Snapshot(*state)) for number, state in enumerate(states, 1)]


def odd(report: Report) -> dict[str, list[tuple[str, str, str]]]:
    return {
        each.name: [(row.subject, row.before, row.after) for row in each.rows]
        for each in report.comparisons
        if each.rows
    }


def test_equal_nodes_are_one_line() -> None:
    report = compare_fleet(fleet(*[(held("1", "2"), SOUND)] * 64))
    assert odd(report) == {}
    assert report.notes == ("linux-64: 64 nodes, no differences",)


def test_each_differing_state_is_reported_once_with_all_its_nodes() -> None:
    most, drifted = (held("1", "2"), SOUND), (held("1", "3"), SOUND)
    report = compare_fleet(fleet(most, drifted, most, (held("1", "2"), OLDER), drifted, most))
    assert odd(report) == {
        "node2, node5": [("p1", "2", "3")],
        "node4": [("driver", "550.54.15 (CUDA 12.4)", "535.104.05 (CUDA 12.2)")],
    }
    assert report.notes == ("linux-64: 3 of 6 nodes differ: node2, node4, node5",)


def test_with_a_lock_the_majority_can_be_wrong(installed: Installed, tmp_path: Path) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    next(prefix.glob("conda-meta/tqdm-*.json")).unlink()
    right, wrong = ((prefixes.read(each), SOUND) for each in (installed.prefix, prefix))
    nodes = fleet(wrong, right, wrong)
    lock = read_source(installed.lock_file)
    assert list(odd(compare_fleet(nodes, lock))) == ["node1, node3"]
    # The lock decides, however many nodes have what.
    assert len(compare_fleet(nodes[:2], lock).notes) == 1
    older = fleet(right, (right[0], OLDER))
    assert "no majority" in compare_fleet(older, lock).notes[1]
    assert list(odd(compare_fleet(nodes))) == ["node2"]


def test_a_fleet_without_a_majority_is_reported() -> None:
    report = compare_fleet(fleet((held("1"), SOUND), (held("2"), SOUND)))
    assert report.notes[1] == "linux-64: no majority; compared with node1"


def test_platforms_are_fleets_of_their_own() -> None:
    arm = (held("2", platform="linux-aarch64"), SOUND)
    report = compare_fleet(fleet((held("1"), SOUND), arm, arm, (held("1"), SOUND)))
    assert report.notes == (
        "linux-64: 2 nodes, no differences", "linux-aarch64: 2 nodes, no differences",
    )  # fmt: skip


def test_many_nodes_are_counted_and_all_that_differ_are_named() -> None:
    report = compare_fleet(fleet(*[(held("1"), SOUND)] * 30, *[(held("2"), SOUND)] * 10))
    [name] = odd(report)
    assert name == "node31, node32, node33, node34, node35, node36, node37, node38 and 2 more"
    assert report.notes[0].endswith("node38, node39, node40")


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"driver": "", "kernel_module": "", "cuda": ""}, ("driver", "550.54.15 (CUDA 12.4)", "")),
        ({"kernel_module": "535.104.05"}, ("kernel module", "", "535.104.05")),
        ({"gpus": SOUND.gpus[:7]}, ("gpus", "8 × H200", "7 × H200")),
        (
            {"gpus": (*SOUND.gpus[:7], Gpu("NVIDIA H100", "9.0", 81559))},
            ("gpus", "8 × H200", "1 × H100, 7 × H200"),
        ),
        ({"glibc": "2.31"}, ("glibc", "2.35", "2.31")),
        ({"virtual_packages": ("__archspec=1=x86_64_v3",)}, ("processor level", "x86_64_v4", "x86_64_v3")),
    ],
)
def test_differences_between_machines_are_rows(
    changes: Mapping[str, object], row: tuple[str, str, str]
) -> None:
    other = SOUND._replace(**changes)
    assert [(each.subject, each.before, each.after) for each in machine_rows(SOUND, other)] == [row]
    assert [(each.subject, each.after, each.before) for each in machine_rows(other, SOUND)] == [row]


def test_a_newer_kernel_is_not_a_difference() -> None:
    assert not list(machine_rows(SOUND, SOUND._replace(kernel="Linux 6.8.0")))
    assert compared_values(Machine("linux-64", "x86_64", "Linux")) == dict.fromkeys(
        compared_values(SOUND), ""
    )


@given(
    st.lists(
        st.sampled_from([("1", SOUND), ("2", SOUND), ("1", OLDER), ("3", OLDER)]), min_size=1, max_size=12
    )
)
def test_every_node_differs_or_equals_the_majority(states: list[tuple[str, Machine]]) -> None:
    nodes = fleet(*((held(version), machine) for version, machine in states))
    report = compare_fleet(nodes)
    most = max(map(states.count, states))
    named = {name for each in odd(report) for name in each.split(", ")}
    like_most = {node.name for node in nodes} - named
    assert len(like_most) == most
    assert len({states[int(name.removeprefix("node")) - 1] for name in like_most}) == 1


class Site:
    """A folder that nodes wrote their snapshots to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for number in (1, 2, 9, 10):
            self.write(f"node{number}", held("1"))

    def write(self, name: str, installed: Held) -> None:
        (self.folder / f"{name}.json").write_text(document.dumps(Snapshot(installed, SOUND)))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "fleet"
    folder.mkdir()
    yield Site(folder)


def test_a_folder_of_snapshots_is_a_fleet(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "fleet"]) == 0
    assert "4 nodes, no differences" in capsys.readouterr().out
    site.write("node9", held("2"))
    site.write("node10", held("2"))
    site.write("node3", held("1"))
    assert main(["fleet", "fleet"]) == 1
    assert "2 of 5 nodes differ: node9, node10\n" in capsys.readouterr().out
    assert main(["fleet", "fleet", "--fail-on", "never"]) == 0


def test_the_report_has_the_formats_of_diff(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.write("node9", held("2"))
    for form in FORMATS:
        assert main(["fleet", "fleet", "--format", form]) == 1
        assert "node9" in capsys.readouterr().out
    assert main(["fleet", "fleet", "--format", "json", "--output", "report.json"]) == 1
    jsonschema.validate(json.loads(Path("report.json").read_text()), schema("drift-json.md"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda site: (site.folder / "node7.json").write_text('{"kind"'),
            "lockstep: fleet/node7.json: not JSON",
        ),
        (
            lambda site: (site.folder / "node7.json").write_text("{}"),
            "lockstep: fleet/node7.json: is no snapshot",
        ),
        (
            lambda site: (site.folder / "node7.json").mkdir(),
            "lockstep: fleet/node7.json: is a folder, not a file",
        ),
    ],
)
def test_a_node_that_cannot_be_read_fails_beside_the_report_on_the_others(
    site: Site, capsys: pytest.CaptureFixture[str], spoil: object, said: str
) -> None:
    assert callable(spoil)
    spoil(site)
    site.write("node2", held("2"))
    assert main(["fleet", "fleet"]) == 2
    streams = capsys.readouterr()
    assert "1 of 4 nodes differs: node2" in streams.out
    assert streams.err.startswith(said)
    assert streams.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone"], "lockstep: gone: no such file"),
        (["empty"], "lockstep: empty: contains no snapshots; on each node, run: lockstep snapshot"),
        (["fleet", "--fail-on", "loud"], "lockstep: unknown severity 'loud'"),
        (["fleet", "--lock", "gone.yml"], "lockstep: gone.yml: no such file"),
    ],
)
@pytest.mark.usefixtures("site")
def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    Path("empty").mkdir()
    assert main(["fleet", *arguments]) == 2
    assert capsys.readouterr().err.startswith(said)


def test_two_snapshots_are_compared_with_their_machines(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    (site.folder / "old.json").write_text(document.dumps(Snapshot(held("1"), OLDER)))
    assert main(["diff", "fleet/node1.json", "fleet/old.json"]) == 1
    assert "driver  550.54.15 (CUDA 12.4) → 535.104.05 (CUDA 12.2)  machine" in capsys.readouterr().out
    assert main(["diff", "fleet/node1.json", "fleet/node2.json"]) == 0
