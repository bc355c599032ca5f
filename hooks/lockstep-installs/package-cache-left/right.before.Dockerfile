FROM condaforge/miniforge3:24.9.2-0 AS build
RUN mamba create -y -p /env python=3.12

FROM ubuntu:24.04
COPY --from=build /env /env
RUN --mount=type=cache,target=/opt/conda/pkgs mamba install -y -p /env numpy
RUN mamba install -y -p /env numpy && mamba clean -afy
RUN mamba install -y -p /env numpy && rm -rf /opt/conda/pkgs
RUN mamba install -y -p /env --dry-run numpy
ENV CONDA_PKGS_DIRS=/scratch/pkgs
RUN mamba install -y -p /env numpy
