FROM nvidia/cuda:12.4.1-base-ubuntu22.04
ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 \
    https://github.com/conda-forge/miniforge/releases/download/24.9.2-0/Miniforge3-24.9.2-0-Linux-x86_64.sh /tmp/miniforge.sh
RUN bash /tmp/miniforge.sh -b -p /opt/conda
ENV PATH=/opt/conda/bin:$PATH
RUN conda install -y numpy
RUN . /opt/conda/bin/activate train && conda install -y numpy
