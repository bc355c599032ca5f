"""The options of the package managers that take a value, and the meanings of the short options.

From the programs' own help: conda 26.7, mamba and micromamba 2, pip 25, uv 0.9. Unlisted options take no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ProgramOptions(NamedTuple):
    """The options of a program: the long ones that take a value, and the short ones by the long ones' names."""

    valued: frozenset[str]
    short: Mapping[str, str]


def _options(valued: str, short: str) -> ProgramOptions:
    return ProgramOptions(frozenset(valued.split()), dict(pair.split("=") for pair in short.split()))


CONDA = _options(
    "name prefix channel file solver platform subdir console clone revision repodata-fn experimental exclude-newer "
    "environment-specifier env-spec format root-prefix rc-file log-level category cacert-path ssl-verify channel-alias "
    "lock-timeout repodata-ttl download-threads extract-threads safety-checks cwd size-limits",
    "y=yes n=name p=prefix c=channel f=file q=quiet a=all d=dry-run r=root-prefix v=verbose m=mkdir k=insecure "
    "O=override-channels S=satisfied-skip-solve C=use-index-cache h=help",
)
CLEAN = _options(
    "name prefix root-prefix rc-file log-level",
    "y=yes a=all f=force-pkgs-dirs p=packages t=tarballs i=index-cache l=logfiles c=tempfiles q=quiet d=dry-run "
    "v=verbose n=name r=root-prefix h=help",
)
RUN = _options(
    "name prefix cwd env root-prefix rc-file log-level",
    "n=name p=prefix e=env r=root-prefix v=verbose a=attach h=help",
)
PIP = _options(
    "requirement constraint editable target platform python-version implementation abi root prefix src python group "
    "upgrade-strategy config-settings global-option install-option no-binary only-binary progress-bar report log proxy "
    "root-user-action index-url extra-index-url find-links cache-dir timeout retries exists-action trusted-host cert "
    "client-cert use-feature use-deprecated keyring-provider build-constraint build requirements-from-script "
    "uploaded-prior-to",
    "y=yes r=requirement c=constraint e=editable t=target U=upgrade i=index-url f=find-links q=quiet v=verbose "
    "I=ignore-installed C=config-settings b=build h=help",
)
UV = ProgramOptions(
    PIP.valued
    | frozenset(
        "override overrides exclude excludes index default-index index-strategy torch-backend resolution prerelease "
        "exclude-newer exclude-newer-package link-mode python-platform refresh-package upgrade-package "
        "reinstall-package no-build-isolation-package config-setting config-settings-package directory project "
        "config-file color fork-strategy extra build-constraints constraints requirements allow-insecure-host "
        "no-binary-package no-build-package".split()
    ),
    {**PIP.short, "p": "python", "P": "upgrade-package", "b": "build-constraint", "o": "output-file"},
)
WRAPPERS: Mapping[str, ProgramOptions] = {
    "sudo": _options(
        "user group host prompt close-from chdir role type chroot other-user command-timeout",
        "u=user g=group h=host p=prompt C=close-from D=chdir r=role t=type R=chroot U=other-user T=command-timeout",
    ),
    "env": _options("unset chdir split-string", "u=unset C=chdir S=split-string"),
    "nice": _options("adjustment", "n=adjustment"),
    "ionice": _options("class classdata", "c=class n=classdata"),
    "timeout": _options("signal kill-after", "s=signal k=kill-after"),
    "time": _options("format output", "f=format o=output"),
    "xargs": _options(
        "arg-file delimiter eof replace max-lines max-args max-procs max-chars",
        "a=arg-file d=delimiter E=eof I=replace L=max-lines n=max-args P=max-procs s=max-chars",
    ),
    "stdbuf": _options("input output error", "i=input o=output e=error"),
    "exec": _options("name", "a=name"),
    "chronic": _options("", ""),
    "command": _options("", ""),
    "nohup": _options("", ""),
    "setsid": _options("", ""),
    "unbuffer": _options("", ""),
    "retry": _options("", ""),
    "travis_retry": _options("", ""),
}
"""Programs that run the command after their own options."""
