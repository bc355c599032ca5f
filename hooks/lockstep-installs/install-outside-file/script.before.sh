#!/bin/bash
set -e
source ~/miniforge3/etc/profile.d/conda.sh
conda create -y -n train python=3.12
conda activate train
conda install -y -c conda-forge \
    pytorch=2.4 \
    "numpy<2"
python -m pip install --upgrade "git+https://github.com/example/kernels@v1.2"
sudo -u worker bash -c "conda install -y -n train nccl"
conda create -y -n matrix "python=$PYTHON" "pytorch=$PYTORCH"
