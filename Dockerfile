# One image for every process: `acquaint serve`, `acquaint worker`, `acquaint setup`, `acquaint backup`.
# It runs as nobody in particular on a read-only file system; only /tmp and /backups are written to.
# The same commit gives the same image: see docs/operations/image.md, also for naming the bases by digest.

ARG NODE_IMAGE=node:22-slim
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${NODE_IMAGE} AS widget
WORKDIR /widget
COPY widget/package.json widget/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY widget ./
RUN npm run build && chmod -R u=rwX,go=rX dist

# A clone's files have the modes that somebody's umask gave them; these are the image's.
FROM ${PYTHON_IMAGE} AS source
WORKDIR /source
COPY .ci/constraints.txt .ci/
COPY pyproject.toml README.md LICENSE ./
COPY server server
RUN chmod -R u=rwX,go=rX .

FROM ${PYTHON_IMAGE}
ARG SOURCE_DATE_EPOCH=0
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_CONSTRAINT=/app/.ci/constraints.txt PIP_BUILD_CONSTRAINT=/app/.ci/constraints.txt
# The dependencies are a layer of their own, which a change of our code leaves alone. Compiled files hold the hash of
# their source in place of its time, which differs from build to build.
COPY --from=source /source/.ci .ci
COPY --from=source /source/pyproject.toml /source/README.md /source/LICENSE ./
RUN mkdir server && touch server/__init__.py && pip install --no-compile --editable '.[otel]' \
    && python -m compileall -q -f --invalidation-mode unchecked-hash "$(python -c 'import site; print(site.getsitepackages()[0])')"
COPY --from=source /source/server server
COPY --from=widget /widget/dist widget/dist
RUN python -m compileall -q -f --invalidation-mode unchecked-hash server \
    && install --directory --owner=10001 --group=0 --mode=770 /backups
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["acquaint"]
CMD ["serve"]
