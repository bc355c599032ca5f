FROM condaforge/miniforge3:24.9.2-0
RUN conda create -n train python=3.12 && \
    conda clean --all
RUN ["conda", "install", "-n", "train", "numpy=2.1"]
