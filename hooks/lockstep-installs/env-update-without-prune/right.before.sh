conda env update --prune --file environment.yml
mamba env update -f environment.yml --prune
