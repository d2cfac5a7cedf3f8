# Two stages: the first builds a virtual environment, the second holds only what run time needs.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/whoisproxy
COPY requirements requirements
RUN /opt/whoisproxy/bin/pip install --no-cache-dir --require-hashes -r requirements/server.txt -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY whoisproxy whoisproxy
COPY registries registries
COPY mailrelay mailrelay
RUN /opt/whoisproxy/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/whoisproxy/bin/pip uninstall --yes hatchling editables pip setuptools

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin whoisproxy
COPY --from=build /opt/whoisproxy /opt/whoisproxy
ENV PATH=/opt/whoisproxy/bin:$PATH PYTHONUNBUFFERED=1 \
    WHOISPROXY_API__HOST=0.0.0.0 WHOISPROXY_RDAP__HOST=0.0.0.0 WHOISPROXY_PORTAL__HOST=0.0.0.0 \
    WHOISPROXY_WHOIS__HOST=0.0.0.0 WHOISPROXY_SMTP__HOST=0.0.0.0
WORKDIR /data
VOLUME /data
USER whoisproxy
# API, RDAP, pages for owners, WHOIS, SMTP.
EXPOSE 8080 8081 8082 4343 2525
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["whoisproxy"]
CMD ["serve"]
