FROM condaforge/miniforge3:24.9.2-0
COPY environment.yml /tmp/
RUN conda env create -f /tmp/environment.yml \
 && conda clean --all --yes \
 && rm /tmp/environment.yml
RUN conda clean --all --yes
