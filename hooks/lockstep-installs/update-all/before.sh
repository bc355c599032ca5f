#!/bin/bash
conda activate train
conda update -y --all
