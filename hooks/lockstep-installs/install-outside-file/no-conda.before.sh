#!/bin/sh
# There is no conda here: pip has environments of its own.
python -m venv venv
. venv/bin/activate
pip install ruff
