#!/bin/bash
URL="https://github.com/conda-forge/miniforge/releases/latest/download/Miniforge3-$(uname)-$(uname -m).sh"
wget -q "$URL" -O miniforge.sh
wget http://repo.continuum.io/miniconda/Miniconda3-py38_4.8.3-Linux-x86_64.sh
"${SHELL}" <(curl -L micro.mamba.pm/install.sh)
curl -Ls https://micro.mamba.pm/api/micromamba/linux-64/2.3.2 | tar -xvj bin/micromamba
