"""The pip part against an index of small wheels: what is taken, and what is said where nothing can be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.lock.pip.requirements import pip_part
from conda_lockstep.lock.pip.resolve import Resolved, resolve
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import Package
from tests.support.http_server import Server
from tests.support.small_index import Sdist, SmallWheel, write_small_index

CONDA_FORGE = "https://conda.anaconda.org/conda-forge"
TEAM = "https://conda.anaconda.org/team"
LINUX = WheelTarget("3.11.7", "linux-64", (VirtualPackage("__glibc", "2.28"),))

FILES = (
    SmallWheel("app", "1.0", requires=("mid>=1",)),
    SmallWheel("mid", "1.0", requires=("deep",)),
    SmallWheel("mid", "1.1", requires=("deep>=1.0",)),
    SmallWheel("deep", "1.0", requires=("numpy<2",)),
    SmallWheel("deep", "1.1", requires=("numpy<2",)),
    SmallWheel("sees", "1.0", requires=("opencv-python>=5", "numpy")),
    SmallWheel("vision", "1.0", requires=("torch==2.4.0",)),
    SmallWheel("withdrawn", "1.0", yanked="it eats data"),
    SmallWheel("withdrawn", "0.9"),
    SmallWheel("gone", "1.0", yanked="all of it"),
    SmallWheel("rich-one", "1.0", requires=("base", "more; extra == 'More_Of-It'", "less; extra == 'less'"),
               extras=("more-of-it", "less", "empty")),
    SmallWheel("asks-for-extra", "1.0", requires=("rich-one[more-of-it]",)),
    SmallWheel("base", "1.0"), SmallWheel("more", "1.0"), SmallWheel("less", "1.0"),
    SmallWheel("fast", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64"),
    SmallWheel("fast", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64"),
    SmallWheel("fast", "1.0", tag="cp311-cp311-manylinux_2_34_x86_64"),
    SmallWheel("fast", "1.0"),
    SmallWheel("fast", "1.0", tag="cp311-cp311-win_amd64"),
    SmallWheel("newest-machines", "2.0", tag="cp311-cp311-manylinux_2_34_x86_64"),
    SmallWheel("newest-machines", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64"),
    SmallWheel("only-new", "1.0", tag="cp311-cp311-manylinux_2_34_x86_64"),
    SmallWheel("only-windows", "1.0", tag="cp311-cp311-win_amd64"),
    SmallWheel("only-312", "1.0", tag="cp312-cp312-manylinux_2_17_x86_64"),
    SmallWheel("uses-new", "1.0", requires=("only-new",)),
    SmallWheel("later", "2.0", requires_python=">=3.13"), SmallWheel("later", "1.0"),
    SmallWheel("pre", "1.0a1"), SmallWheel("pre", "0.9"),
    SmallWheel("uses-pre", "1.0", requires=("pre>=1.0a0",)),
    SmallWheel("local", "1.0+cu118"), SmallWheel("local", "1.0+cpu"), SmallWheel("local", "1.0.post1"),
    SmallWheel("by-platform", "1.0", requires=(
        "base; sys_platform == 'linux'", "more; sys_platform == 'win32'", "less; platform_machine == 'arm64'",
        "app; python_version < '3.11'")),
    Sdist("only-sources", "1.0"), Sdist("only-sources", "2.0"),
    SmallWheel("uses-sources", "1.0", requires=("between",)),
    SmallWheel("between", "1.0", requires=("only-sources>=1",)),
    Sdist("newest-is-source", "2.0"), SmallWheel("newest-is-source", "1.0"),
    SmallWheel("Odd.Name_x", "1.0"),
    SmallWheel("counts", "1.0", requires=("numpy", "more; extra == 'more'"), extras=("more",)),
    SmallWheel("leads-nowhere", "1.0", requires=("not-there; extra == 'there'",), extras=("there",)),
    SmallWheel("uses-nowhere", "1.0", requires=("nowhere-to-be-found",)),
    SmallWheel("opencv-python", "4.10.0.84"), SmallWheel("opencv-python-headless", "4.10.0.84"),
    SmallWheel("augment", "1.0", requires=("opencv-python-headless>=4.9",)),
    SmallWheel("faiss-cpu", "1.8.0"),
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of wheels that hold a name, a version and dependencies; returns ``…/simple``."""
    return write_small_index(tmp_path_factory.mktemp("index") / "pypi", FILES)


Resolve = Callable[..., Resolved]


@pytest.fixture
def solve(index: Path, index_cache: Path) -> Resolve:
    """Resolves pip entries: ``solve("app", conda={"numpy": "2.1.0"})``; conda packages are named by entries."""

    def run(
        *items: str,
        conda: dict[str, str] | None = None,
        depends: dict[str, tuple[str, ...]] | None = None,
        target: WheelTarget = LINUX,
        url: str = "",
    ) -> Resolved:
        listed = "".join(f"      - {item}\n" for item in items)
        part = pip_part(parse(f"dependencies:\n  - python\n  - pip:\n{listed}", "environment.yml"))
        packages = [
            Package(
                "conda",
                name,
                version,
                "py311_0",
                "linux-64",
                TEAM if name in ("rich-one", "base", "leads-nowhere", "counts") else CONDA_FORGE,
                depends=(depends or {}).get(name, ("python",)),
            )
            for name, version in {"python": "3.11.7", **(conda or {})}.items()
        ]
        needed = {spec.split()[0] for specs in (depends or {}).values() for spec in specs}
        entries = [
            RequestedSpec(name, name, name, Location("environment.yml", 90 + number, 5))
            for number, name in enumerate(conda or {})
            if name not in needed
        ]
        return resolve(
            part,
            packages,
            target,
            Mirrors({}, TRUSTED),
            index=url or index.as_uri(),
            entries=entries,
            cache=index_cache / "uv",
        )

    return run


def _versions(found: Resolved) -> dict[str, str]:
    return {package.name: package.version for package in found.packages}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (("rich-one",), {"base": "1.0", "rich-one": "1.0"}),
        (("Rich_One[MORE.of_it]",), {"base": "1.0", "more": "1.0", "rich-one": "1.0"}),
        (("asks-for-extra", "rich-one[less]"),
         {"asks-for-extra": "1.0", "base": "1.0", "less": "1.0", "more": "1.0", "rich-one": "1.0"}),
        (("by-platform",), {"base": "1.0", "by-platform": "1.0"}),
        (("withdrawn",), {"withdrawn": "0.9"}),
        (("newest-machines",), {"newest-machines": "1.0"}),
        (("newest-is-source",), {"newest-is-source": "1.0"}),
        (("later",), {"later": "1.0"}),
        (("pre",), {"pre": "0.9"}),
        (("pre>=1.0a0",), {"pre": "1.0a1"}),
        (("pre", "--pre"), {"pre": "1.0a1"}),
        (("uses-pre",), {"pre": "1.0a1", "uses-pre": "1.0"}),
        (("local==1.0+cu118",), {"local": "1.0+cu118"}),
        (("local==1.0.*",), {"local": "1.0.post1"}),
        (("odd-name.X",), {"odd-name-x": "1.0"}),
        (("mid<1.1", "base"), {"base": "1.0", "deep": "1.1", "mid": "1.0"}),
    ],
)  # fmt: skip
def test_what_is_taken(solve, items, expected):
    assert _versions(solve(*items, conda={"numpy": "1.26.4"})) == expected


def test_the_file_is_the_best_for_the_machine(solve):
    def name(target: WheelTarget) -> str:
        (package,) = solve("fast", target=target).packages
        return package.url.rpartition("/")[2]

    older = WheelTarget("3.11.7", "linux-64", (VirtualPackage("__glibc", "2.17"),))
    newer = WheelTarget("3.11.7", "linux-64", (VirtualPackage("__glibc", "2.35"),))
    assert name(LINUX) == "fast-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    assert name(older) == "fast-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
    assert name(newer) == "fast-1.0-cp311-cp311-manylinux_2_34_x86_64.whl"
    assert name(WheelTarget("3.11.7", "win-64", ())) == "fast-1.0-cp311-cp311-win_amd64.whl"
    assert name(WheelTarget("3.11.7", "linux-aarch64", ())) == "fast-1.0-py3-none-any.whl"


def test_markers_are_the_targets(solve):
    windows = WheelTarget("3.11.7", "win-64", ())
    assert _versions(solve("by-platform", target=windows)).keys() == {"by-platform", "more"}
    mac = WheelTarget("3.11.7", "osx-arm64", (VirtualPackage("__osx", "11.0"),))
    assert _versions(solve("by-platform", target=mac)).keys() == {"by-platform", "less"}


def test_what_is_withdrawn_is_taken_where_it_is_pinned_and_said(solve):
    found = solve("withdrawn==1.0")
    assert _versions(found) == {"withdrawn": "1.0"}
    assert found.notices == (
        "environment.yml:4:9: withdrawn 1.0 was withdrawn (yanked) by its publisher (it eats data); "
        "it is used because nothing else fits '=='",
    )


def test_an_extra_that_is_none_is_said(solve):
    assert solve("rich-one[mroe]").notices == (
        "environment.yml:4:9: rich-one does not have the extra 'mroe': it is ignored",
    )


@pytest.mark.parametrize("items", [("rich-one[more-of-it]",), ("asks-for-extra",)])
def test_an_extra_of_what_conda_installs_is_what_the_index_says(solve, items):
    found = solve(*items, conda={"rich-one": "1.0", "base": "1.0"})
    assert {"rich-one", "base"}.isdisjoint(_versions(found))
    assert _versions(found)["more"] == "1.0"
    assert found.notices == ()


def test_an_extra_of_a_version_that_no_index_has_is_refused(solve):
    with pytest.raises(LockstepError) as caught:
        solve("rich-one[less]", conda={"rich-one": "7.0"})
    assert str(caught.value) == (
        "environment.yml:4:9: 'rich-one[less]' requests an extra of conda's rich-one 7.0, which no index has at this "
        "version; write the packages that the extra requires here, by name"
    )


def test_an_extra_that_leads_nowhere_is_said_to(solve):
    with pytest.raises(LockstepError) as caught:
        solve("leads-nowhere[there]", conda={"leads-nowhere": "1.0"})
    assert "'leads-nowhere[there]' needs not-there, which is in no index" in str(caught.value)


CLASHES = [
    (("base", "app"), {"pandas": "2.2.0", "numpy": "2.1.0"}, {"pandas": ("numpy >=1.26,<3",)},
     "environment.yml:5:9: 'app' clashes with conda's numpy 2.1.0; change one of the two",
     "pip: 'app' (environment.yml:5:9); all versions of app need mid; mid>=1.1 needs deep; "
     "all versions of deep need numpy<2",
     "conda: numpy 2.1.0 py311_0; 'pandas' (environment.yml:90:5); pandas needs numpy >=1.26,<3"),
    (("counts[more]", "app"), {"numpy": "2.1.0", "counts": "1.0"}, {},
     "environment.yml:5:9: 'app' clashes with conda's numpy 2.1.0; change one of the two",
     "pip: 'app' (environment.yml:5:9); all versions of app need mid; mid>=1.1 needs deep; "
     "all versions of deep need numpy<2",
     "conda: numpy 2.1.0 py311_0; 'numpy' (environment.yml:90:5)"),
    (("numpy>=3",), {"numpy": "2.1.0"}, {},
     "environment.yml:4:9: 'numpy>=3' clashes with conda's numpy 2.1.0; change one of the two",
     "pip: 'numpy>=3' (environment.yml:4:9)", "conda: numpy 2.1.0 py311_0; 'numpy' (environment.yml:90:5)"),
    (("sees",), {"opencv": "4.10.0", "numpy": "2.1.0"}, {},
     "environment.yml:4:9: 'sees' clashes with conda's opencv 4.10.0; change one of the two",
     "pip: 'sees' (environment.yml:4:9); all versions of sees need opencv-python>=5",
     "conda: opencv 4.10.0 py311_0; 'opencv' (environment.yml:90:5)"),
    (("vision",), {"pytorch": "2.5.1"}, {},
     "environment.yml:4:9: 'vision' clashes with conda's pytorch 2.5.1; change one of the two",
     "pip: 'vision' (environment.yml:4:9); all versions of vision need torch==2.4.0",
     "conda: pytorch 2.5.1 py311_0; 'pytorch' (environment.yml:90:5)"),
    (("torch==2.5.1+cu124",), {"pytorch": "2.5.1"}, {},
     "environment.yml:4:9: 'torch==2.5.1+cu124' clashes with conda's pytorch 2.5.1; change one of the two",
     "pip: 'torch==2.5.1+cu124' (environment.yml:4:9)",
     "conda: pytorch 2.5.1 py311_0; 'pytorch' (environment.yml:90:5)"),
    (("base @ file:///shared/base-1.0-py3-none-any.whl",), {"base": "1.0"}, {},
     "'base @ file:///shared/base-1.0-py3-none-any.whl' clashes with conda's base 1.0; change one of the two",
     "pip: 'base @ file:///shared/base-1.0-py3-none-any.whl' (environment.yml:4:9)",
     "conda: base 1.0 py311_0; 'base' (environment.yml:90:5)"),
]  # fmt: skip


@pytest.mark.parametrize(("items", "conda", "depends", "message", "pip_side", "conda_side"), CLASHES)
def test_a_clash_names_both_sides_and_what_led_there(
    solve, items, conda, depends, message, pip_side, conda_side
):
    with pytest.raises(LockstepError) as caught:
        solve(*items, conda=conda, depends=depends)
    assert message in str(caught.value)
    assert caught.value.detail == (pip_side, conda_side)


def test_opencv_of_conda_is_every_variant_of_it(solve):
    assert _versions(solve("augment", conda={"py-opencv": "4.10.0"})) == {"augment": "1.0"}


ONE_MODULE = [
    (("base", "faiss-cpu"), {"faiss-gpu": "1.9.0"},
     "environment.yml:5:9: conda's faiss-gpu 1.9.0 py311_0 and pip's faiss-cpu 1.8.0 both install the module 'faiss', "
     "and one would overwrite the other; keep one of the two",
     ("pip: 'faiss-cpu' (environment.yml:5:9)",
      "conda: faiss-gpu 1.9.0 py311_0; 'faiss-gpu' (environment.yml:90:5)")),
    (("opencv-python", "augment"), {},
     "environment.yml:5:9: pip's opencv-python 4.10.0.84 and pip's opencv-python-headless 4.10.0.84 both install the "
     "module 'cv2', and one would overwrite the other; keep one of the two",
     ("pip: 'augment' (environment.yml:5:9); augment needs opencv-python-headless >=4.9",
      "pip: 'opencv-python' (environment.yml:4:9)")),
]  # fmt: skip


@pytest.mark.parametrize(("items", "conda", "message", "detail"), ONE_MODULE)
def test_two_packages_with_one_module_are_refused(solve, items, conda, message, detail):
    with pytest.raises(LockstepError) as caught:
        solve(*items, conda=conda)
    assert str(caught.value) == message
    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (("only-sources",),
         "environment.yml:4:9: 'only-sources' has no wheels: a build would run its code; use conda's, "
         "or publish a wheel of it"),
        (("base", "uses-sources"),
         "environment.yml:5:9: 'uses-sources' needs only-sources (through between), which has no wheels"),
        (("only-new",),
         "'only-new' has no wheel for Python 3.11.7 on linux-64 with glibc 2.28, only for "
         "manylinux_2_34_x86_64; request a version that has one, or use conda's"),
        (("uses-new",), "'uses-new' needs only-new, which has no wheel for Python 3.11.7 on linux-64 with glibc 2.28"),
        (("only-windows",), "no wheel for Python 3.11.7 on linux-64 with glibc 2.28, only for win_amd64; "),
        (("only-312",), "no wheel for Python 3.11.7 on linux-64 with glibc 2.28, only for cp312; "),
        (("later>=2",), "'later>=2' is not available for Python 3.11.7: later==2.0 needs Python>=3.13"),
        (("gone",), "environment.yml:4:9: the pip part cannot be resolved: Because gone==1.0 was yanked (reason: all"),
        (("uses-nowhere",), "'uses-nowhere' needs nowhere-to-be-found, which is in no index; check its name"),
        (("mid<1.1", "mid>=1.1"), "environment.yml:4:9: the pip part cannot be resolved: Because you require mid<1.1"),
    ],
)  # fmt: skip
def test_what_cannot_be_resolved_names_the_entry_that_leads_there(solve, items, message):
    with pytest.raises(LockstepError) as caught:
        solve(*items)
    assert message in str(caught.value)


def test_what_uv_says_is_read_whole_however_narrow_the_terminal_is(solve, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    assert (
        solve("withdrawn==1.0")
        .notices[0]
        .endswith("(it eats data); it is used because nothing else fits '=='")
    )
    with pytest.raises(LockstepError, match="uses-sources' needs only-sources \\(through between\\)"):
        solve("uses-sources")


# --- files named by a URL


def test_a_wheel_is_locked_by_its_url_and_hashed(solve, index, http_server: Callable[[Path], Server]):
    server = http_server(index.parent)
    wheel = index.parent / "files" / "local-1.0+cpu-py3-none-any.whl"
    url = f"{server.url}/files/local-1.0%2Bcpu-py3-none-any.whl"
    for item in (url, f"local @ {url}", f"'local @ {url} ; sys_platform == \"linux\"'"):
        (package,) = solve(item).packages
        assert (package.name, package.version, package.url) == ("local", "1.0+cpu", url)
        assert package.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert solve(f"'local @ {url} ; sys_platform == \"win32\"'").packages == ()


def test_a_wheel_of_a_shared_folder_is_locked_by_its_file_url(solve, index):
    url = (index.parent / "files" / "app-1.0-py3-none-any.whl").as_uri()
    found = solve(url, conda={"numpy": "1.26.4"})
    assert next(package.url for package in found.packages if package.name == "app") == url
    assert _versions(found).keys() == {"app", "mid", "deep"}


@pytest.mark.parametrize(
    ("digest", "message"), [("0" * 64, "no wheel of base 1.0 has one of the requested hashes")]
)
def test_a_file_with_another_hash_is_refused(solve, index, digest, message):
    url = (index.parent / "files" / "base-1.0-py3-none-any.whl").as_uri()
    for item in (f"base==1.0 --hash=sha256:{digest}", f"{url}#sha256={digest}"):
        with pytest.raises(LockstepError) as caught:
            solve(item)
        assert str(caught.value).startswith(f"environment.yml:4:9: {message}")


def test_of_the_files_that_fit_one_with_a_given_hash_is_taken(solve, index):
    wheel = index.parent / "files" / "fast-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (package,) = solve(f"fast==1.0 --hash=sha256:{digest} --hash=sha256:{'0' * 64}").packages
    assert package.url.endswith(wheel.name)


def test_a_wheel_that_does_not_fit_the_machine_is_refused(solve, index):
    url = (index.parent / "files" / "only-new-1.0-cp311-cp311-manylinux_2_34_x86_64.whl").as_uri()
    with pytest.raises(LockstepError) as caught:
        solve(url.replace("only-new", "only_new"))
    assert str(caught.value).startswith(
        "environment.yml:4:9: no wheel of only-new 1.0 fits Python 3.11.7 on linux-64 with glibc 2.28; available: "
        "only_new-1.0-cp311-cp311-manylinux_2_34_x86_64.whl"
    )


def test_a_url_that_gives_nothing_is_named_with_its_entry(solve, http_server, index):
    url = f"{http_server(index.parent).url}/files/base-2.0-py3-none-any.whl"
    with pytest.raises(LockstepError) as caught:
        solve(f"base @ {url}")
    assert str(caught.value).startswith(f"environment.yml:4:9: 'base @ {url}' cannot be fetched: HTTP status")


# --- indexes


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A second index: an older app, a newer base, and one project of its own."""
    wheels = [SmallWheel("app", "0.5"), SmallWheel("base", "9.0"), SmallWheel("private", "1.0")]
    return write_small_index(tmp_path / "other", wheels)


def test_a_name_that_two_indexes_have_is_taken_from_the_first(solve, other):
    found = solve(f"--extra-index-url {other.as_uri()}", "app", "base", "private", "more")
    assert _versions(found) == {"app": "0.5", "base": "9.0", "private": "1.0", "more": "1.0"}
    with pytest.raises(LockstepError) as caught:
        solve(f"--extra-index-url {other.as_uri()}", "base<9")
    assert str(caught.value) == (
        f"environment.yml:5:9: 'base<9' is in {other.as_uri()}, where no version fits; "
        "a name is taken from the first index that has it: use conda's, or write the URL of a file"
    )


def test_pypi_is_asked_last_however_it_is_named(solve, other, index):
    """Whoever publishes on PyPI under the name of a private package must not get in by it."""
    from conda_lockstep.lock.pip.uv import sources

    for items in (
        ("-i https://private/simple", "--extra-index-url https://pypi.org/simple"),
        ("-i https://pypi.org/simple/", "--extra-index-url https://private/simple"),
        ("--extra-index-url https://private/simple",),
    ):
        listed = "".join(f"  - {item}\n" for item in items)
        part = pip_part(parse(f"dependencies:\n- pip:\n{listed}", "environment.yml"))
        assert [url.rstrip("/") for url in sources(part, "https://pypi.org/simple", TRUSTED)] == [
            "https://private/simple",
            "https://pypi.org/simple",
        ]


def test_links_are_looked_at_besides_the_index_or_instead_of_it(solve, other):
    links = (other.parent / "files").as_uri()
    assert _versions(solve(f"--find-links {links}", "private", "more")) == {"private": "1.0", "more": "1.0"}
    assert _versions(solve(f"-f {links}", "--no-index", "app")) == {"app": "0.5"}
    with pytest.raises(LockstepError, match=r"^environment\.yml:6:9: 'more' is in no index"):
        solve(f"-f {links}", "--no-index", "more")


def test_credentials_of_an_index_reach_the_index_and_nothing_else(
    solve, index, http_server: Callable[[Path], Server], monkeypatch
):
    server = http_server(index.parent)
    monkeypatch.setenv("CI_USER", "joe")
    monkeypatch.setenv("CI_TOKEN", "s3cret-t0ken")
    host = server.url.removeprefix("http://")
    found = solve(f"-i http://${{CI_USER}}:${{CI_TOKEN}}@{host}/simple", "base")
    assert any("Authorization" in request.headers for request in server.requests)
    assert "s3cret" not in repr(found)
    assert found.packages[0].url == f"{server.url}/files/base-1.0-py3-none-any.whl"


@pytest.mark.parametrize("fault", ["401", "403"])
def test_an_index_that_refuses_access_is_named_without_its_password(solve, index, http_server, fault):
    server = http_server(index.parent)
    server.fail("/simple/*", fault)
    host = server.url.removeprefix("http://")
    with pytest.raises(LockstepError) as caught:
        solve(f"-i http://joe:s3cret@{host}/simple", "base")
    assert "s3cret" not in f"{caught.value}{caught.value.detail}"
    assert server.url in str(caught.value)
    assert fault in str(caught.value)


# --- constraints


def test_constraints_bound_what_is_taken_and_ask_for_nothing(solve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bounds.txt").write_text("local<1.0.post1\nmore<1\n")
    assert _versions(solve("-c bounds.txt", "local")) == {"local": "1.0+cu118"}


def test_the_order_of_lines_changes_nothing(solve):
    items = ("asks-for-extra", "rich-one[less]", "withdrawn==1.0", "fast", "local==1.0+cpu", "by-platform")
    forwards, backwards = solve(*items), solve(*reversed(items))
    assert forwards.packages == backwards.packages
    assert [package.depends for package in forwards.packages if package.name == "rich-one"] == [
        ("base", "less", "more", "python")
    ]
