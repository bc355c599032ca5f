"""Between the solver's records and our packages."""

from __future__ import annotations

from rattler import BuildString, PackageRecord, RepoDataRecord

from conda_lockstep.conda.urls import split_package_url
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.packages import Package, number_of_build


def package_of(record: RepoDataRecord, mirrors: Mirrors) -> Package:
    """Return a solved record as a package, with the URL that a lock holds. The index's own time stamp stays out."""
    url = mirrors.lock_url(record.url)
    published = record.timestamp
    return Package(
        "conda",
        record.name.normalized,
        str(record.version),
        str(record.build),
        record.subdir,
        split_package_url(url).channel,
        url,
        (record.sha256 or b"").hex(),
        (record.md5 or b"").hex(),
        record.size or 0,
        int(published.timestamp()) if published else 0,
        tuple(record.depends),
        tuple(record.constrains),
        None if record.build_number == number_of_build(str(record.build)) else record.build_number,
        license=record.license or "",
    )


def record_of(package: Package, *, url: str = "") -> RepoDataRecord:
    """Return a locked conda package as a record; ``url`` is where it is fetched from, if not from the lock's URL."""
    record = PackageRecord(
        package.name,
        package.version,
        BuildString.new_unchecked(package.build),
        number_of_build(package.build) if package.build_number is None else package.build_number,
        package.subdir,
        depends=list(package.depends),
        constrains=list(package.constrains),
        sha256=bytes.fromhex(package.sha256) if package.sha256 else None,
        md5=bytes.fromhex(package.md5) if package.md5 else None,
        size=package.size or None,
        python_site_packages_path=_site_packages(package),
    )
    url = url or package.url
    return RepoDataRecord(record, url.rpartition("/")[2], url, split_package_url(url).channel)


def _site_packages(package: Package) -> str | None:
    """Return where a free-threaded Python keeps its packages; every other one does as its version says (CEP 17)."""
    if package.name != "python" or not package.build.endswith("t") or package.subdir.startswith("win-"):
        return None
    return f"lib/python{'.'.join(package.version.split('.')[:2])}t/site-packages"
