# The service on an NVIDIA GPU: docker build -f docker/cuda.Dockerfile -t nic-voice:cuda .
# It starts from vLLM's own image, whose torch, CUDA and vLLM are built for one another.
FROM vllm/vllm-openai:v0.32.0

WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY voice voice
COPY extraction extraction
COPY training training
COPY service service
RUN pip install --no-cache-dir . && useradd --create-home --uid 8650 nic-voice

USER 8650
ENV NIC_VOICE_HOST=0.0.0.0 NIC_VOICE_VOICES=/voices
VOLUME ["/voices", "/home/nic-voice/.cache"]
EXPOSE 8650
HEALTHCHECK --interval=30s --timeout=5s --start-period=300s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8650/ready', timeout=4)"]
ENTRYPOINT ["nic-voice"]
CMD ["serve"]
