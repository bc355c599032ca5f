FROM mambaorg/micromamba:2.3.2
COPY conda-lock.yml requirements.txt dist/project-1.0-py3-none-any.whl /tmp/
RUN micromamba create -y -n train -f /tmp/conda-lock.yml && micromamba clean --all --yes
# The project itself, tools, files, and what cannot be known.
RUN micromamba run -n train pip install --no-deps /tmp/project-1.0-py3-none-any.whl
RUN micromamba run -n train pip install -r /tmp/requirements.txt
RUN micromamba install -y -n tools conda-lock
RUN micromamba run -n train pip install $EXTRA
RUN echo "pip install numpy" > /etc/motd
