#!/bin/bash
if ! conda env list | grep -q train; then
    micromamba create -y -f conda-lock.yml -n train
fi
conda env remove -y -n old
pip uninstall -y nvidia-cublas-cu11
bash -c "mamba install -y numpy"
