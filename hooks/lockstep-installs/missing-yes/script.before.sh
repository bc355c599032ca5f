#!/bin/bash
if ! conda env list | grep -q train; then
    micromamba create -f conda-lock.yml -n train
fi
conda env remove -n old
pip uninstall nvidia-cublas-cu11
bash -c "mamba install numpy"
