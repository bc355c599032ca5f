FROM registry.example.com/ml/base:1.4
COPY environment.yml /tmp/
RUN conda env update -n train -f /tmp/environment.yml
