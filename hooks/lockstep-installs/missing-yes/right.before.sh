conda install -qy numpy
conda clean -afy
yes | conda install numpy
conda install numpy < answers.txt
conda create -n train --dry-run numpy
conda env create -f environment.yml
conda install $OPTIONS numpy
pip uninstall -y numpy
conda list --json
echo conda install numpy
