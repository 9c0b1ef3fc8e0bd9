# The service in a container: pinned packages with hashes, no compiler, no root. compose.yaml starts it with PostgreSQL.
FROM python:3.11-slim AS build
RUN python -m venv /opt/feedback
COPY requirements.txt requirements-postgres.txt /src/
RUN /opt/feedback/bin/pip install --no-cache-dir --require-hashes \
    -r /src/requirements.txt -r /src/requirements-postgres.txt
COPY pyproject.toml README.md LICENSE /src/
COPY api /src/api
COPY feedback_nlp /src/feedback_nlp
RUN /opt/feedback/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index /src

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --home-dir /var/lib/feedback feedback
COPY --from=build /opt/feedback /opt/feedback
ENV PATH=/opt/feedback/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    FEEDBACK_HOST=0.0.0.0 \
    FEEDBACK_DATA_DIR=/var/lib/feedback
USER feedback
VOLUME /var/lib/feedback
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
CMD ["feedback-nlp", "serve"]
