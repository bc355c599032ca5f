FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04
COPY --from=mambaorg/micromamba:2.3.2 /bin/micromamba /bin/micromamba
ARG CONDA_OVERRIDE_CUDA=12.4
RUN micromamba create -y -p /env -c conda-forge python=3.12 pytorch=2.4 \
 && micromamba clean --all --yes
