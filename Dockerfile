# One image, many roles: `souk api`, `souk projector`, `souk policies`, `souk worker`, `souk migrate`.
FROM python:3.11-slim AS build
WORKDIR /souk
COPY requirements.lock pyproject.toml README.md ./
RUN python -m venv /opt/souk && /opt/souk/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY domain domain
COPY application application
COPY adapters adapters
COPY projections projections
COPY entrypoints entrypoints
RUN /opt/souk/bin/pip install --no-cache-dir --no-build-isolation --no-deps .

FROM python:3.11-slim
RUN useradd --system --uid 10001 souk
COPY --from=build /opt/souk /opt/souk
ENV PATH=/opt/souk/bin:$PATH PYTHONUNBUFFERED=1
USER souk
EXPOSE 8000
ENTRYPOINT ["souk"]
CMD ["api", "--host", "0.0.0.0", "--port", "8000"]
