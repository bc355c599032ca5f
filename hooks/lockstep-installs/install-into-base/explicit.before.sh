conda env update -n base -f environment.yml
/opt/conda/bin/pip install ray
conda install --prefix=/opt/conda -y numpy
conda update -y -n base conda
