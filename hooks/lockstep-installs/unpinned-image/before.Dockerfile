ARG MAMBA=latest
FROM mambaorg/micromamba:${MAMBA} AS mamba
FROM continuumio/miniconda3
COPY --from=mamba /bin/micromamba /bin/micromamba
