mamba upgrade -ay -n train
micromamba update -a -y
conda install -y --update-all -n train numpy=2.1
