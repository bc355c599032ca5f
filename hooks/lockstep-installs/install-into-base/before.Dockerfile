FROM condaforge/miniforge3:24.9.2-0
RUN mamba install -y pytorch=2.4 cuda-version=12.4 && mamba clean --all --yes
