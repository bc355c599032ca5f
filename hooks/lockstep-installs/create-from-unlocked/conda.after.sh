#!/bin/bash
conda env create
mamba env create -f "$(dirname "$0")/environment.yml"
mamba create -y -n train -f conda-lock.yml
conda env create -f other.yml
