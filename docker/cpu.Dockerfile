# The service on a CPU. Build from the project's root: docker build -f docker/cpu.Dockerfile -t nic-voice:cpu .
FROM python:3.11-slim-bookworm

# vLLM compiles nothing here, but PyTorch's OpenMP and NUMA binding want these two.
RUN apt-get update \
    && apt-get install --no-install-recommends --yes libgomp1=12.* libnuma1=2.* \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements/cpu.lock requirements/
RUN pip install --no-cache-dir --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu \
    && pip install --no-cache-dir --no-deps --requirement requirements/cpu.lock

COPY pyproject.toml README.md LICENSE ./
COPY voice voice
COPY extraction extraction
COPY training training
COPY service service
COPY nic_voice nic_voice
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --create-home --uid 8650 nic-voice

USER 8650
# Who may reach it is decided where its port is published: compose.yaml does so on loopback alone.
ENV NIC_VOICE_HOST=0.0.0.0 NIC_VOICE_ALLOW_WITHOUT_KEYS=true NIC_VOICE_VOICES=/voices
VOLUME ["/voices", "/home/nic-voice/.cache"]
EXPOSE 8650
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8650/ready', timeout=4)"]
ENTRYPOINT ["nic-voice"]
CMD ["serve"]
