FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04
COPY environment.yml /tmp/env.yml
RUN mamba env create -p /env -f /tmp/env.yml && mamba clean --all --yes
