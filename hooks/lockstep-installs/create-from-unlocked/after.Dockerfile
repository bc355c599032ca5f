FROM mambaorg/micromamba:2.3.2
COPY conda-lock.yml /tmp/conda-lock.yml
RUN micromamba create -y -n train -f /tmp/conda-lock.yml \
 && micromamba clean --all --yes
