#!/bin/bash
git pull
conda env update -n train -f environment.yml
