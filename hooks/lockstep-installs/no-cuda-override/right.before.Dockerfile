FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04 AS inline
RUN CONDA_OVERRIDE_CUDA=12.4 micromamba create -y -p /env -c conda-forge pytorch=2.4

FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04 AS variable
ENV CONDA_OVERRIDE_CUDA=12.4
RUN micromamba create -y -p /env -c conda-forge pytorch=2.4

FROM variable AS inherited
RUN micromamba install -y -p /env -c conda-forge torchvision

FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04 AS exported
RUN export CONDA_OVERRIDE_CUDA=12.4 && micromamba create -y -p /env -c conda-forge pytorch=2.4

FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04 AS locked
RUN micromamba create -y -p /env -f conda-lock.yml

FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04 AS others
RUN micromamba create -y -p /env -c conda-forge python=3.12 pip
RUN conda install -y -p /env -c pytorch -c nvidia pytorch=2.4 pytorch-cuda=12.4

FROM ubuntu:24.04
RUN micromamba create -y -p /env -c conda-forge pytorch=2.4
