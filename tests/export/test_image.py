"""Dockerfile and Kubernetes: clean under everybody's rules, and they do what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from conda_lockstep.cli.main import main
from conda_lockstep.errors import LockstepError
from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

IMAGE = f"python:3.13-slim-bookworm@sha256:{'a' * 64}"


@pytest.mark.parametrize("image", ["", IMAGE])
def test_a_dockerfile_is_clean_under_our_rules_and_hadolints(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text(export("dockerfile", replace(subject, image=image)).text)
    Path("environment.yml").write_text("channels: [conda-forge]\ndependencies: [python=3.12]\n")
    Path("conda-lock.yml").write_text(cep37.render(subject.lock))
    assert main(["lint", "--strict", "--select", "installs", "Dockerfile"]) == 0
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_dockerfile_keeps_what_an_image_should(subject: Subject) -> None:
    text = export("dockerfile", subject).text
    assert "ARG BASE_DIGEST\n" in text
    assert text.count("FROM --platform=linux/amd64 ${BASE_IMAGE}@${BASE_DIGEST}") == 2
    assert text.index("COPY conda-lock.yml") < text.index(
        "lockstep build /opt/conda-lock.yml --prefix /opt/env"
    )
    assert text.index("USER 10001:10001") > text.rindex("RUN ")
    assert [line for line in text.splitlines() if "pip install" in line and "==" not in line] == []
    assert all(run.startswith("--mount=type=cache") for run in re.findall(r"^RUN (.*)", text, re.MULTILINE))
    assert f"ARG BASE_DIGEST=sha256:{'a' * 64}\n" in export("dockerfile", replace(subject, image=IMAGE)).text


def test_the_entry_point_activates_and_hands_on_its_arguments(subject: Subject, tmp_path: Path) -> None:
    text = export("dockerfile", subject).text
    entry = json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1])
    scripts = tmp_path / "etc" / "conda" / "activate.d"
    command = [*entry, "sh", "-c", 'echo "$ACTIVE:$1:$#"', "sh", "two words", "x"]
    for active in ("", "yes"):
        environment = {"CONDA_PREFIX": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == f"{active}:two words:2\n"
        scripts.mkdir(parents=True, exist_ok=True)
        (scripts / "a.sh").write_text("export ACTIVE=yes\n")


@pytest.mark.parametrize("name", ["dockerfile", "kubernetes"])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"image": "python:3.13"},
            "'python:3.13' does not say which image it is; name it as NAME@sha256:DIGEST",
        ),
        ({"platform": "osx-64"}, "osx-64 is not Linux, and containers are; choose another --platform"),
        (
            {"source_format": "pixi"},
            "pixi.lock: is of the format pixi, and an image is built from a conda-lock file; run",
        ),
    ],
)
def test_what_no_image_is_made_of(subject: Subject, name: str, changed: dict[str, str], said: str) -> None:
    packages = subject.lock.platforms["linux-64"]
    lock = replace(
        subject.lock,
        platforms={changed.get("platform", "linux-64"): packages},
        source_format=changed.get("source_format", "conda-lock"),
    )
    path = "pixi.lock" if lock.source_format == "pixi" else "conda-lock.yml"
    with pytest.raises(LockstepError) as caught:
        export(name, Subject(lock, path, changed.get("image", IMAGE)))
    assert said in str(caught.value)


def test_the_patch_is_valid_and_holds_the_lock(subject: Subject, tmp_path: Path) -> None:
    configmap, patch = yaml.safe_load_all(export("kubernetes", replace(subject, image=IMAGE)).text)
    kubernetes_validate.validate(configmap, "1.33", strict=True)
    assert configmap["data"]["conda-lock.yml"] == cep37.render(subject.lock)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", configmap["metadata"]["name"])
    pod = patch["spec"]["template"]["spec"]
    whole = {**patch, "metadata": {"name": "train"}}
    pod |= {"containers": [{"name": "train", "image": IMAGE}], "restartPolicy": "Never"}
    kubernetes_validate.validate(whole, "1.33", strict=True)
    assert pod["volumes"][0]["configMap"]["name"] == configmap["metadata"]["name"]
    assert pod["initContainers"][0]["volumeMounts"][0]["name"] == pod["volumes"][0]["name"]


def test_the_init_container_says_whether_the_prefix_is_the_lock(
    subject: Subject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, patch = yaml.safe_load_all(export("kubernetes", replace(subject, image=IMAGE)).text)
    program, *command = patch["spec"]["template"]["spec"]["initContainers"][0]["command"]
    assert program == "/opt/lockstep/bin/lockstep"
    (tmp_path / "conda-lock.yml").write_text(cep37.render(subject.lock))
    (tmp_path / "env" / "conda-meta").mkdir(parents=True)
    places = {"/opt/env": "env", "/etc/lockstep/conda-lock.yml": "conda-lock.yml"}
    assert main([str(tmp_path / places[word]) if word in places else word for word in command]) == 1
    assert "removed" in capsys.readouterr().out


def test_a_lock_too_large_for_a_configmap_is_refused() -> None:
    packages = (
        Package(
            "conda", f"p{n}", "1", "0", "linux-64", "c", f"https://x/{'y' * 400}/p{n}-1-0.conda", "1" * 64
        )
        for n in range(2000)
    )
    lock = Lock({"linux-64": PackageSet.of(packages)})
    with pytest.raises(
        LockstepError, match="bytes, and a ConfigMap holds 1 MiB; put the lock into the image"
    ):
        export("kubernetes", Subject(lock, "conda-lock.yml", IMAGE))


def test_kubernetes_needs_the_image(subject: Subject) -> None:
    with pytest.raises(
        LockstepError, match="the init container runs the image of the job; name it with --image"
    ):
        export("kubernetes", subject)


@pytest.mark.parametrize("name", ["dockerfile", "kubernetes"])
def test_a_name_that_would_leave_its_line_is_refused(subject: Subject, name: str) -> None:
    with pytest.raises(LockstepError, match="is no name for a file of an image; rename the lock"):
        export(name, replace(subject, path="a b\nconda-lock.yml", image=IMAGE))
