conda clean --all --yes
conda update -y -n base conda
conda update --all --dry-run
pip install --upgrade pip
