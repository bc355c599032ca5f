"""Declared machines: what the solver is told of each, which share a lock, and what is said where they cannot."""

from __future__ import annotations

import pytest

from conda_lockstep.conda.version import compare_conda
from conda_lockstep.config import DeclaredMachine
from conda_lockstep.data import table
from conda_lockstep.drift.fleet.between_machines import differences, lines
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.metadata import machines_of, needs_of
from conda_lockstep.lock.solve.machines import apart, cuda_of, groups_of, lacking, limits, virtual_packages_of

A100 = DeclaredMachine("a100", "linux-64", driver="535.104.05", glibc="2.31")
H100 = DeclaredMachine("h100", "linux-64", cuda="12.8")
V100 = DeclaredMachine("v100", "linux-64", driver="470.82.01")
B200 = DeclaredMachine("b200", "linux-64", cuda="13.0")
LOGIN = DeclaredMachine("login", "linux-64")
LAPTOP = DeclaredMachine("laptop", "osx-arm64")

TORCH = "channels: [conda-forge]\ndependencies: [python=3.12, pytorch=2.*, numpy]\n"
PLAIN = "channels: [conda-forge]\ndependencies: [python=3.12, numpy]\n"


@pytest.mark.parametrize(
    ("driver", "cuda"),
    [
        ("535.104.05", "12.2"),
        ("535.54.03", "12.2"),
        ("535.43", "12.1"),  # older than what came with 12.2
        ("550.54.14", "12.4"),
        ("565.57.01", "12.7"),
        ("580.95.05", "13.0"),
        ("999", "13.2"),
        ("470.82.01", "11.4"),
        ("450.80.02", "11.0"),
        ("440.100", "10.2"),
    ],
)
def test_a_driver_says_which_cuda_it_runs(driver, cuda):
    assert cuda_of(DeclaredMachine("a", "linux-64", driver=driver)) == cuda


def test_the_table_of_drivers_goes_down_on_both_sides():
    rows = table("driver-cuda")
    for column in (0, 1):
        assert all(
            compare_conda(after[column], before[column]) > 0
            for before, after in zip(rows, rows[1:], strict=False)
        )


def test_a_driver_older_than_all_is_refused():
    with pytest.raises(
        LockstepError, match=r"machine 'old' has driver 300.1, which is older .*; set the CUDA that it runs"
    ):
        cuda_of(DeclaredMachine("old", "linux-64", driver="300.1"))


def test_a_machine_is_what_its_settings_say():
    machine = DeclaredMachine("a", "linux-64", cuda="12", glibc="2.39", archspec="x86_64_v4")
    assert {fact.name: (fact.version, fact.build) for fact in virtual_packages_of(machine)} == {
        "__archspec": ("1", "x86_64_v4"),
        "__cuda": ("12.0", "0"),
        "__glibc": ("2.39", "0"),
        "__linux": ("5.10", "0"),
        "__unix": ("0", "0"),
    }


def test_machines_of_one_cuda_major_are_solved_for_at_once():
    groups = groups_of(
        [LOGIN, A100, H100, B200, V100, LAPTOP], ["linux-64", "osx-arm64", "win-64"], cuda="12.4"
    )
    assert [(group.platform, group.names) for group in groups] == [
        ("linux-64", ("b200",)),
        ("linux-64", ("a100", "h100")),
        ("linux-64", ("v100",)),
        ("linux-64", ("login",)),
        ("osx-arm64", ("laptop",)),
        ("win-64", ()),
    ]
    facts = {group.names: {fact.name: fact.version for fact in group.virtual_packages} for group in groups}
    assert facts["a100", "h100"]["__cuda"] == "12.2"
    assert facts["login",].get("__cuda") is None
    assert facts[()]["__cuda"] == "12.4"
    assert {each["__glibc"] for names, each in facts.items() if names not in (("laptop",), ())} == {"2.28"}


def test_the_machine_that_holds_the_others_back_is_known():
    (group,) = groups_of([A100, H100], ["linux-64"])
    assert limits(group) == {"__cuda": ("a100",), "__glibc": ("h100",)}
    assert [each.names for each in apart(group)] == [("a100",), ("h100",)]


@pytest.mark.parametrize(
    ("processors", "shared"),
    [
        (["x86_64_v4", "x86_64_v3"], "x86_64_v3"),
        (["x86_64_v3", ""], "x86_64"),
        (["zen3", "zen3"], "zen3"),
        (["zen3", "haswell"], "x86_64"),
    ],
)
def test_processors_share_what_all_of_them_run(processors, shared):
    machines = [
        DeclaredMachine(f"m{index}", "linux-64", archspec=name) for index, name in enumerate(processors)
    ]
    (group,) = groups_of(machines, ["linux-64"])
    assert next(fact.build for fact in group.virtual_packages if fact.name == "__archspec") == shared


def test_what_a_machine_lacks_is_told_as_packages_ask_for_it():
    needs, allows = {"__cuda": ">=12.9,<13", "__unix": "*"}, {"__glibc": ">=2.34"}
    assert lacking(virtual_packages_of(H100), needs, allows) == ("__cuda >=12.9,<13", "__glibc >=2.34")
    assert lacking(virtual_packages_of(LAPTOP), needs, allows) == ("__cuda >=12.9,<13",)
    assert (
        lacking(
            virtual_packages_of(DeclaredMachine("a", "linux-64", cuda="12.9", glibc="2.35")), needs, allows
        )
        == ()
    )


def test_machines_that_agree_share_one_lock(locking_all):
    locks = locking_all(PLAIN, machines=(A100, LOGIN, B200, LAPTOP), platforms=("linux-64", "osx-arm64"))
    assert list(locks) == [""]
    assert machines_of(locks[""], "linux-64") == ("a100", "login", "b200")
    assert machines_of(locks[""], "osx-arm64") == ("laptop",)
    assert "__cuda" not in locks[""].metadata["linux-64.machine"]


def test_drivers_of_one_cuda_major_share_one_lock(locking_all):
    locks = locking_all(TORCH, machines=(H100, A100))
    assert list(locks) == [""]
    assert "__cuda=12.2" in locks[""].metadata["linux-64.machine"]
    assert needs_of(locks[""], "linux-64")["__cuda"] == ">=12"
    assert "cuda12" in locks[""].platforms["linux-64"]["conda", "pytorch"].build


@pytest.fixture
def split(locking_all):
    """Locks for machines with a GPU and without: they differ on Linux, and agree elsewhere."""
    return locking_all(TORCH, machines=(A100, LOGIN, H100, LAPTOP), platforms=("linux-64", "osx-arm64"))


def test_machines_that_differ_have_a_lock_each_named_after_the_first(split):
    assert {name: list(lock.platforms) for name, lock in split.items()} == {
        "": ["osx-arm64"],
        "a100": ["linux-64"],
        "login": ["linux-64"],
    }
    assert machines_of(split["a100"], "linux-64") == ("a100", "h100")
    assert "cuda" in split["a100"].platforms["linux-64"]["conda", "pytorch"].build
    assert "cpu" in split["login"].platforms["linux-64"]["conda", "pytorch"].build
    assert all(cep37.parse(cep37.render(lock), "x").metadata == lock.metadata for lock in split.values())


def test_what_differs_is_said_with_the_virtual_package_that_led_there(split):
    (difference,) = differences(split.values())
    told = list(lines(difference))
    assert difference.virtual_packages == (("__cuda", "12.2", "none"),)
    assert told[0] == (
        f"linux-64: {len(difference.changed) + len(difference.only_one) + len(difference.only_other)} packages differ: "
        "__cuda is 12.2 on a100, h100, none on login"
    )
    assert any(line.startswith("  pytorch: 2.") and " cuda" in line and " cpu" in line for line in told)
    assert any(line.startswith("  only on a100, h100: cuda-") for line in told)


def test_the_order_of_machines_changes_no_package(locking_all, split):
    turned = locking_all(TORCH, machines=(LOGIN, H100, LAPTOP, A100), platforms=("linux-64", "osx-arm64"))
    assert {lock.metadata["linux-64.machines"] for name, lock in turned.items() if name} == {
        "login",
        "h100 a100",
    }
    assert turned["h100"].platforms == split["a100"].platforms
    assert turned["login"].platforms == split["login"].platforms


@pytest.mark.parametrize(
    ("entries", "machines", "said", "remedy"),
    [
        (
            "python=3.12, 'pytorch=2.*=cuda*'",
            (A100, LOGIN),
            "for login: 'pytorch=2.*=cuda*' cannot be installed",
            "set in the settings which driver login has",
        ),
        (
            "'cuda-version=13'",
            (A100, B200),
            "for a100: 'cuda-version=13' cannot be installed",
            "request an older CUDA, or update the driver of a100 and the settings",
        ),
    ],
)
def test_a_machine_without_a_solution_is_named(locking_all, entries, machines, said, remedy):
    with pytest.raises(LockstepError) as caught:
        locking_all(f"channels: [conda-forge]\ndependencies: [{entries}]\n", machines=machines)
    assert said in str(caught.value)
    assert remedy in str(caught.value)


def test_a_cuda_that_the_driver_cannot_run_is_not_taken_though_its_metadata_lack_the_bound(locking):
    text = "channels: [pytorch, nvidia, conda-forge]\ndependencies: ['pytorch=2.*=*cuda*', pytorch-cuda]\n"
    versions = {
        machine.name: locking(text, machines=(machine,))
        .platforms["linux-64"]["conda", "pytorch-cuda"]
        .version
        for machine in (V100, A100)
    }
    assert versions == {"v100": "11.8", "a100": "12.4"}
