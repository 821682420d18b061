# The service on a GPU. It starts from an image whose torch, driver libraries and vLLM are built for one another.
#   NVIDIA  docker build -f docker/gpu.Dockerfile -t nic-voice:cuda .
#   AMD     docker build -f docker/gpu.Dockerfile -t nic-voice:rocm --build-arg BASE=vllm/vllm-openai-rocm:v0.32.0 .
#
# An AMD GPU trains in another image, because vLLM's has no bitsandbytes and Unsloth that fit it:
#   docker build -f docker/gpu.Dockerfile -t nic-voice:rocm-train --build-arg BASE=unsloth/unsloth-rocm .
#   docker run --rm --device /dev/kfd --device /dev/dri --group-add video --group-add render --ipc=host \
#     -e TORCH_BLAS_PREFER_HIPBLASLT=1 -e TORCH_ROCM_AOTRITON_ENABLE_EXPERIMENTAL=1 \
#     -v "$PWD/data:/data:ro" -v "$PWD/voices:/voices" nic-voice:rocm-train \
#     train --config qwen2.5-3b --set load_in_4bit=false --triplets /data/triplets.jsonl --out /voices/NAME
# The first variable takes matrix products from rocBLAS to hipBLASLt; without the second, attention falls back to a slow
# kernel without a word. On Strix Halo (gfx1151) 96 GB need no 4-bit weights, and some builds of bitsandbytes compute
# wrong ones there: hence load_in_4bit=false. Neither image of AMD's, nor NVIDIA's, was built or run by us.
ARG BASE=vllm/vllm-openai:v0.32.0
FROM ${BASE}

USER 0
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY voice voice
COPY extraction extraction
COPY training training
COPY service service
COPY nic_voice nic_voice
RUN pip install --no-cache-dir . && useradd --create-home --uid 8650 nic-voice

USER 8650
# Who may reach it is decided where its port is published: compose.yaml does so on loopback alone.
ENV NIC_VOICE_HOST=0.0.0.0 NIC_VOICE_ALLOW_WITHOUT_KEYS=true NIC_VOICE_VOICES=/voices
VOLUME ["/voices", "/home/nic-voice/.cache"]
EXPOSE 8650
HEALTHCHECK --interval=30s --timeout=5s --start-period=300s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8650/ready', timeout=4)"]
ENTRYPOINT ["nic-voice"]
CMD ["serve"]
