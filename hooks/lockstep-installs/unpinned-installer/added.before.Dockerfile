FROM ubuntu:24.04
ADD https://github.com/conda-forge/miniforge/releases/download/24.9.2-0/Miniforge3-24.9.2-0-Linux-x86_64.sh /tmp/a.sh
ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 \
    https://github.com/conda-forge/miniforge/releases/download/24.9.2-0/Miniforge3-24.9.2-0-Linux-x86_64.sh /tmp/b.sh
