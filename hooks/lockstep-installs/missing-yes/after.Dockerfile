FROM condaforge/miniforge3:24.9.2-0
RUN conda create -y -n train python=3.12 && \
    conda clean -y --all
RUN ["conda", "install", "-y", "-n", "train", "numpy=2.1"]
