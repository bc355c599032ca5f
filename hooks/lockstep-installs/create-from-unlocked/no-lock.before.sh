conda env create -f environment.yml
