"""A software bill of materials: every package with its package URL, hashes, and what it depends on (CycloneDX 1.6).

https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import project_source
from conda_lockstep.export.model import Export, Subject, named
from conda_lockstep.export.pip import commit_of, file_name
from conda_lockstep.export.projects import projects_of
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.packages import Package, PackageSet

_NAMESPACE = uuid.UUID("3b1ee0a6-5a0b-5b34-9c5c-1f5a6a9c6f39")
"""Makes the serial number of an environment from its digest, so that the same lock gives the same document."""


def render(subject: Subject) -> Export:
    """Write the packages of one platform. The date is that of the newest package; no clock enters it."""
    platform, packages = subject.one_platform()
    root = Component(
        name="environment",
        version=packages.environment_id,
        type=ComponentType.PLATFORM,
        bom_ref=packages.environment_id,
        properties=[Property(name="conda:platform", value=platform)],
    )
    components = {package.key: _component(package) for package in packages.values()}
    newest = metadata.newest_of(subject.lock, platform)
    tool = Component(name="conda-lockstep", type=ComponentType.APPLICATION)
    described = BomMetaData(component=root, timestamp=newest)
    described.tools.components.add(tool)
    bom = Bom(
        components=components.values(),
        serial_number=uuid.uuid5(_NAMESPACE, f"{platform} {packages.digest}"),
        metadata=described,
    )
    bom.register_dependency(root, components.values())
    for package, needed in _edges(packages):
        bom.register_dependency(components[package.key], [components[other.key] for other in needed])
    document = json.loads(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    if newest is None:
        del document["metadata"]["timestamp"]
    lost = []
    if projects := projects_of(packages):
        lost.append(f"projects have no hash, and local ones neither a version nor a URL: {named(projects)}")
    return Export(json.dumps(document, indent=2, ensure_ascii=False) + "\n", tuple(lost))


def _component(package: Package) -> Component:
    hashes = [
        HashType(alg=kind, content=value)
        for kind, value in ((HashAlgorithm.SHA_256, package.sha256), (HashAlgorithm.MD5, package.md5))
        if value
    ]
    reference = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION, url=XsUri(package.url), hashes=hashes
    )
    purl = _conda_purl(package) if package.manager == "conda" else _pypi_purl(package)
    return Component(
        name=package.name,
        version=package.version or None,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=hashes,
        external_references=[reference] if package.url and project_source(package) is None else [],
    )


def _conda_purl(package: Package) -> PackageURL:
    """Return a package URL of type conda: build, channel, subdir and kind of archive are its qualifiers."""
    kind = "tar.bz2" if package.url.endswith(".tar.bz2") else "conda"
    channel = urlsplit(package.channel).path.strip("/") or package.channel
    qualifiers = {"build": package.build, "channel": channel, "subdir": package.subdir, "type": kind}
    return PackageURL("conda", None, package.name, package.version, qualifiers)


def _pypi_purl(package: Package) -> PackageURL:
    commit = commit_of(package)
    if commit is None and project_source(package):
        return PackageURL("pypi", None, package.name)
    qualifiers = (
        {"vcs_url": f"git+{commit.url}@{commit.commit}"} if commit else {"file_name": file_name(package)}
    )
    return PackageURL("pypi", None, package.name, package.version or None, qualifiers)


def _edges(packages: PackageSet) -> Iterator[tuple[Package, Iterable[Package]]]:
    """Yield each package with those of the set that it needs; pip's may need what conda installs."""
    conda = {package.name: package for package in packages.only("conda").values()}
    owned = {name: held.package for name, held in owned_by_conda(conda.values()).items()}
    projects = owned | {package.name: package for package in packages.only("pip").values()}
    for package in packages.values():
        known: Mapping[str, Package] = conda if package.manager == "conda" else projects
        names = (split(spec)[0] for spec in package.depends)
        if package.manager == "pip":
            names = (normalize(name) for name in names)
        needed = {known[name].key: known[name] for name in names if name in known}
        yield package, [other for key, other in sorted(needed.items()) if key != package.key]
