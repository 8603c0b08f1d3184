# One worker. Built in two steps, so that what builds does not ship; everything installed is in the locks, by hash.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/balanza
COPY requirements.txt requirements-dev.txt ./
RUN /opt/balanza/bin/pip install --require-hashes -r requirements.txt \
 && sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.txt > requirements-build.txt \
 && pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml LICENSE README.md ./
COPY balanza balanza
COPY config config
COPY connectors connectors
COPY flows flows
COPY schemas schemas
COPY sinks sinks
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/balanza/bin/pip install --no-deps /wheels/*.whl

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 balanza && install -d -o balanza -g balanza /out
COPY --from=build /opt/balanza /opt/balanza
ENV PATH=/opt/balanza/bin:$PATH PYTHONUNBUFFERED=1
USER balanza
VOLUME /out
STOPSIGNAL SIGTERM
ENTRYPOINT ["balanza"]
CMD ["--help"]
