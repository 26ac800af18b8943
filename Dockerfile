# The smoke tier of interplay, its environment and its data in one image; see docs/container.md.
#
#   docker build --tag interplay .
#   docker run --rm --user $(id -u):$(id -g) --volume "$PWD/results:/interplay/results" interplay
FROM python:3.11-slim-bookworm

# The same set-up as `make setup`, from the same hash-pinned locks. envs/ca.crt is optional and yours to put there: the
# certificates of a network that inspects its traffic.
WORKDIR /interplay
COPY envs/ envs/
ENV UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN if [ -f envs/ca.crt ]; then export SSL_CERT_FILE="$PWD/envs/ca.crt" PIP_CERT="$PWD/envs/ca.crt"; fi \
    && python3.11 envs/install.py --packages-only

# The image is used by any user, also one that it has no account for: what is written lies where everyone may write.
ENV PATH=/interplay/.venv/bin:$PATH \
    HOME=/tmp USER=interplay \
    MPLCONFIGDIR=/interplay/.cache/matplotlib \
    PYTHONUNBUFFERED=1
COPY . .
RUN if [ -f envs/ca.crt ]; then export SSL_CERT_FILE="$PWD/envs/ca.crt" REQUESTS_CA_BUNDLE="$PWD/envs/ca.crt"; fi \
    && python3.11 envs/install.py \
    && dvc config --local core.no_scm true \
    && interplay fetch fashion-mnist noto-color-emoji \
    && python -m compileall -q src workflow \
    && python -c "import matplotlib.font_manager" \
    && mkdir -p results .snakemake \
    && chmod -R a+rwX .cache .dvc .snakemake data results

# Without git inside, the commit that records name comes from the build (`make container` gives it).
ARG INTERPLAY_GIT_COMMIT=unknown
ENV INTERPLAY_GIT_COMMIT=$INTERPLAY_GIT_COMMIT
LABEL org.opencontainers.image.revision=$INTERPLAY_GIT_COMMIT

USER 1000:1000
VOLUME /interplay/results
CMD ["python", "workflow/reproduce.py", "--tier", "smoke"]
