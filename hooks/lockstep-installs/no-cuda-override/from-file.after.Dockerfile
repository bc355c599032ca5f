FROM registry.example.com/base-cu118:3 AS base
FROM base
COPY environment.yml /tmp/env.yml
ARG CONDA_OVERRIDE_CUDA=11.8
RUN mamba env create -p /env -f /tmp/env.yml && mamba clean --all --yes
RUN mamba env update -p /env -f /tmp/env.yml && mamba clean --all --yes
