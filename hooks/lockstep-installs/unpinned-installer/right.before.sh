#!/bin/bash
# https://repo.anaconda.com/miniconda/Miniconda3-latest-Linux-x86_64.sh is not what we take
wget -q https://github.com/conda-forge/miniforge/releases/download/24.9.2-0/Miniforge3-24.9.2-0-Linux-x86_64.sh
echo "0000000000000000000000000000000000000000000000000000000000000000  Miniforge3-24.9.2-0-Linux-x86_64.sh" | sha256sum -c
bash Miniforge3-24.9.2-0-Linux-x86_64.sh -b
echo "see https://repo.anaconda.com/miniconda/Miniconda3-latest-Linux-x86_64.sh"
