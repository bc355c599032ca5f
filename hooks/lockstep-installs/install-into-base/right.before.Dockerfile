FROM condaforge/miniforge3:24.9.2-0 AS build
RUN mamba install -y -n base conda-lock
COPY conda-lock.yml .
RUN conda-lock install -p /env conda-lock.yml
SHELL ["conda", "run", "-p", "/env", "/bin/bash", "-c"]
RUN pip install --no-deps .

FROM mambaorg/micromamba:2.3.2
COPY conda-lock.yml .
RUN micromamba install -y -n base -f conda-lock.yml
