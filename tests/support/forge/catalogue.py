"""What the forge makes: the PyPI releases behind its channel, its held-back releases and its PyPI index.

After a change, run ``python -m tests.support.forge.pin``, which writes their hashes and upload times to pins.json.
"""

from __future__ import annotations

CHANNEL = (
    "attrs==25.1.0",
    "certifi==2024.12.14",
    "certifi==2025.1.31",
    "charset-normalizer==3.4.4",
    "click==8.1.8",
    "filelock==3.17.0",
    "fsspec==2025.2.0",
    "idna==3.7",
    "idna==3.10",
    "iniconfig==2.0.0",
    "jinja2==3.1.5",
    "markdown-it-py==3.0.0",
    "markupsafe==3.0.3",
    "mdurl==0.1.2",
    "msgpack==1.1.2",
    "networkx==3.4.2",
    "numpy==2.2.5; python_version < '3.14'",
    "numpy==2.3.4; python_version >= '3.14'",
    "packaging==24.2",
    "pandas==2.3.3",
    "pip==25.0.1",
    "platformdirs==4.3.6",
    "pluggy==1.5.0",
    "psutil==6.1.1",
    "pygments==2.19.1",
    "pytest==8.3.4",
    "python-dateutil==2.9.0.post0",
    "pytz==2025.1",
    "pyyaml==6.0.3",
    "requests==2.32.3",
    "rich==13.9.4",
    "setuptools==75.8.0",
    "six==1.17.0",
    "tomli==2.2.1",
    "tqdm==4.67.1",
    "typing-extensions==4.12.2",
    "tzdata==2025.1",
    "urllib3==1.26.20",
    "urllib3==2.3.0",
    "wheel==0.45.1",
)
"""In the channel from the start; of numpy, Python 3.14 needs a later release than 3.10 can use."""

HELD_BACK = (
    "idna==3.11",
    "jinja2==3.1.6",
    "numpy==2.2.6; python_version < '3.14'",
    "numpy==2.3.5; python_version >= '3.14'",
    "requests==2.32.5",
    "urllib3==2.5.0",
)
"""Repacked too, but published only when a test says so: tomorrow's upstream releases."""

PYPI = (
    "colorama==0.4.6",
    "humanize==4.12.0",
    "opensearch-py==2.2.0",
    "requests-toolbelt==1.0.0",
    "tabulate==0.9.0",
)
"""Only in the PyPI index; opensearch-py wants urllib3 < 2, which the channel's newest is not."""
