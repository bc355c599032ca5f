FROM mambaorg/micromamba:2.3.2
COPY environment.yml /tmp/environment.yml
RUN micromamba create -y -n train -f /tmp/environment.yml \
 && micromamba clean --all --yes
