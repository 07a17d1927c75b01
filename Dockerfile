# One image for every process: `acquaint serve`, `acquaint worker`, `acquaint setup`.
# It runs as nobody in particular on a read-only file system; only /tmp is written to.

FROM node:22-slim AS widget
WORKDIR /widget
COPY widget/package.json widget/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY widget ./
RUN npm run build

FROM python:3.13-slim
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_CONSTRAINT=/app/.ci/constraints.txt PIP_BUILD_CONSTRAINT=/app/.ci/constraints.txt
# The dependencies are a layer of their own, which a change of our code leaves alone.
COPY .ci/constraints.txt .ci/
COPY pyproject.toml README.md LICENSE ./
RUN mkdir server && touch server/__init__.py && pip install --editable .
COPY server server
COPY --from=widget /widget/dist widget/dist
RUN python -m compileall -q server
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["acquaint"]
CMD ["serve"]
