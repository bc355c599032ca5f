micromamba create -y -n train -f conda-lock.yml
conda create -y -n train --file train.explicit.txt
mamba env create -f environment.yml --dry-run
