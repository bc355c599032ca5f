FROM condaforge/miniforge3:24.9.2-0
RUN mamba create -y -n train python=3.12
RUN mamba install -y -n train \
        numpy \
        # for the loader
        pandas
RUN sudo mamba install -y -n train scipy
RUN ["mamba", "install", "-y", "-n", "train", "zlib"]
