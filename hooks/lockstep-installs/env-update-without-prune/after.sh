#!/bin/bash
git pull
conda env update --prune -n train -f environment.yml
