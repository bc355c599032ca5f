"""A Dockerfile that builds the environment from its lock: the lock is a layer of its own, the code comes after it."""

from __future__ import annotations

from importlib.metadata import version

from conda_lockstep.export.image import PREFIX, TOOL, USER, lock_name, pinned, require_linux
from conda_lockstep.export.model import Export, Subject
from conda_lockstep.export.projects import left_out, projects_of

_TEXT = """\
# syntax=docker/dockerfile:1
# Written by conda-lockstep from {lock} ({id}, {platform}): do not edit, export it again.
#
# docker build {argument}-t NAME:{id} .
#
# Both stages start from one image, a Linux with a Python of 3.10 or newer{whence}.
ARG BASE_IMAGE=python:3.13-slim-bookworm
ARG BASE_DIGEST{digest}

# hadolint ignore=DL3029
FROM --platform={target} ${{BASE_IMAGE}}@${{BASE_DIGEST}} AS build
RUN --mount=type=cache,target=/root/.cache \\
    python3 -m venv {tool} \\
    && {tool}/bin/python -m pip install 'conda-lockstep[solve]=={version}'
COPY {lock} /opt/conda-lock.yml
# Every file is checked by its hash. What is downloaded stays in the cache of the builder, in no layer.
RUN --mount=type=cache,target=/root/.cache \\
    {tool}/bin/lockstep build /opt/conda-lock.yml --prefix {prefix}{projects}

# hadolint ignore=DL3029
FROM --platform={target} ${{BASE_IMAGE}}@${{BASE_DIGEST}}
RUN --mount=type=cache,target=/root/.cache \\
    python3 -m venv {tool} \\
    && {tool}/bin/python -m pip install 'conda-lockstep=={version}' \\
    && useradd --uid {user} --create-home --shell /bin/bash lockstep
COPY --from=build {prefix} {prefix}
COPY {lock} /opt/conda-lock.yml
ENV PATH={prefix}/bin:$PATH \\
    CONDA_PREFIX={prefix} \\
    NVIDIA_VISIBLE_DEVICES=all \\
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER {user}:{user}
WORKDIR /home/lockstep
# What conda's activation would run, then the command itself.
ENTRYPOINT ["/bin/bash", "-c", "{activate}", "lockstep"]
CMD ["python"]
"""

_ACTIVATE = (
    "for file in $CONDA_PREFIX/etc/conda/activate.d/*.sh; do if [ -e $file ]; then . $file; fi; done; "
    r"exec \"$@\""
)


def render(subject: Subject) -> Export:
    """Write the Dockerfile of one platform; ``subject.image`` is what it starts from, else a build argument is."""
    platform, packages = subject.one_platform()
    projects = projects_of(packages)
    image, _, digest = pinned(subject.image).partition("@") if subject.image else ("", "", "")
    text = _TEXT.format(
        lock=lock_name(subject),
        id=packages.environment_id,
        platform=platform,
        target=require_linux(platform),
        argument="" if digest else "--build-arg BASE_DIGEST=sha256:… ",
        whence="" if digest else ", by the digest that you give",
        digest=f"={digest}" if digest else "",
        tool=TOOL,
        prefix=PREFIX,
        projects=" --no-projects" if projects else "",
        user=USER,
        version=version("conda-lockstep"),
        activate=_ACTIVATE,
    )
    text = text.replace("python:3.13-slim-bookworm", image) if image else text
    return Export(text, left_out(projects, "as their code is not in the lock"))
