# The smoke tier of interplay, its environment and its data in one image; see docs/container.md.
#
#   make container                                     the image `interplay`
#   docker build --target test --tag interplay:test .  the same with the tests
#
# The base is pinned by digest: the index of all platforms as the registry had it on 2026-08-25 (Python 3.11.16), of
# which Docker keeps a record in github.com/docker-library/repo-info, repos/python/remote/3.11-slim-bookworm.md. Any
# image with python3.11, its venv module and apt-get does instead: --build-arg BASE=...
ARG BASE=python:3.11-slim-bookworm@sha256:0bee7276f83efd4a1ee05bbbf4281d95ed28e079220a9457f25a93e3f1e3c31b

FROM ${BASE} AS base
WORKDIR /interplay
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*

# The same set-up as `make setup`, from the same hash-pinned locks. Certificates and settings of pip may come as
# secrets, which are there while a command runs and in no layer.
FROM base AS environment
ENV UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY envs/bootstrap.lock envs/requirements.lock envs/install.py envs/secrets.sh envs/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    . envs/secrets.sh && python3.11 envs/install.py --packages-only
# The project is installed in editable mode: its metadata is all that goes into the environment.
COPY pyproject.toml README.md LICENSE ./
COPY src/interplay/__init__.py src/interplay/
RUN python3.11 envs/install.py

# Code, data and what is made of them once; without the environment, which is only looked at, and without the tests.
# What stays when a container is gone is results/: Snakemake's notes lie there, and envs/entrypoint.sh makes their folder
# and puts the committed runs there.
FROM base AS project
COPY . .
# COPY keeps rights, and a checkout under umask 077 gives none to others.
RUN chmod -R a+rX .
RUN --mount=type=bind,from=environment,source=/interplay/.venv,target=/interplay/.venv \
    --mount=type=secret,id=ca --mount=type=secret,id=pip \
    . envs/secrets.sh && export PATH=/interplay/.venv/bin:$PATH MPLCONFIGDIR=/interplay/.cache/matplotlib \
    && dvc config --local core.no_scm true \
    && interplay fetch fashion-mnist noto-color-emoji \
    && python -m compileall -q src workflow \
    && python -c "import matplotlib.font_manager" \
    && ln -sT results/.snakemake .snakemake \
    && touch .cache/setup.lock \
    && mv results/reference .cache/reference \
    && mv tests /tests \
    && chmod -R a+rwX .cache .dvc data results

# `docker build --target development`: Python and tools for a development container, which makes its own .venv, in a
# volume that takes its owner and its mode from the folder here; that user's number may become another.
FROM base AS development
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home --shell /bin/bash interplay \
    && install --directory --owner interplay --mode 777 /workspaces/interplay/.venv
USER interplay

FROM base AS runtime
COPY --from=environment /interplay/.venv .venv
COPY --from=project /interplay ./

# The image is used by any user, also one that it has no account for: what is written lies where everyone may write.
# NVIDIA_*: what the NVIDIA container toolkit reads to hand over the driver; CUDA itself is in PyTorch's wheels.
ENV PATH=/interplay/.venv/bin:$PATH \
    HOME=/tmp USER=interplay \
    MPLCONFIGDIR=/interplay/.cache/matplotlib \
    PYTHONUNBUFFERED=1 \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

# Without git inside, the commit that records name comes from the build, and so does its date (`make container`).
ARG BASE
ARG INTERPLAY_GIT_COMMIT=unknown
ARG CREATED=
ARG SOURCE=
ENV INTERPLAY_GIT_COMMIT=$INTERPLAY_GIT_COMMIT
LABEL org.opencontainers.image.title="interplay" \
      org.opencontainers.image.description="Reproduces papers on matrix information and neural collapse, and measures MIR, HDR and collapse of any model" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision=$INTERPLAY_GIT_COMMIT \
      org.opencontainers.image.created=$CREATED \
      org.opencontainers.image.source=$SOURCE \
      org.opencontainers.image.base.name=$BASE

USER 1000:1000
VOLUME /interplay/results
ENTRYPOINT ["sh", "/interplay/envs/entrypoint.sh"]
CMD ["python", "workflow/reproduce.py", "--tier", "smoke"]

# The tests, their tools' caches and git, which some tests make repositories with.
FROM runtime AS test
USER 0:0
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && chmod a+rwx /interplay
COPY --from=project /tests tests/
USER 1000:1000
CMD ["make", "test"]

# Without a target it is the runtime that is built.
FROM runtime
