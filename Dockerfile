# The page and its interface for programs, run as an ordinary user:
#   docker build -t collarclass .
#   docker run --rm -p 127.0.0.1:8000:8000 -e COLLARCLASS_TOKEN=choose-one collarclass
# Without COLLARCLASS_TOKEN a token is made up and printed with the address. To keep the disk of the
# container read-only, add: --read-only --tmpfs /tmp
# The base image has no digest here, as none was at hand when this was written. To pin it, take the digest that
# `docker buildx imagetools inspect python:3.12-slim` shows: --build-arg BASE=python:3.12-slim@sha256:...
ARG BASE=python:3.12-slim
FROM ${BASE} AS build
WORKDIR /source
COPY . .
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
RUN pip install --no-cache-dir build && python -m build --wheel --outdir /wheels

FROM ${BASE}
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir "$(ls /wheels/*.whl)[app]" \
 && rm -r /wheels \
 && useradd --create-home --uid 10001 collarclass
USER collarclass
WORKDIR /home/collarclass
ENV PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
 "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["collarclass", "app", "--host", "0.0.0.0", "--port", "8000", "--no-browser"]
