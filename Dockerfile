# The service as an image: binary, page and ONNX Runtime. The weights are no part of it (their licences are the
# operator's to accept): `make models` prepares them on the host, and deploy/compose.yaml mounts them.

FROM rust:1.95-trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends nodejs npm python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# GPU=1 builds the engine for Vulkan in.
ARG GPU=0
ENV CARGO_TARGET_DIR=/target DATA_DIR=/made FACE_ENGINE_CACHE=/cache
RUN make build GPU=${GPU} \
 && /target/debug/xtask onnxruntime \
 && /target/debug/xtask site

FROM debian:trixie-slim
# libvulkan1 lets the GPU engine find a driver that the host passes in; without one the CPU does the work.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl libvulkan1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/face-engine face-engine \
 && install -d -o face-engine -g face-engine /var/lib/face-engine /var/lib/face-engine/models /pools
COPY --from=build /target/debug/face-engine /usr/local/bin/face-engine
COPY --from=build /made/site /usr/share/face-engine/site
# The folder is empty on a platform that has no wheel: the CPU engine of Burn is always there.
COPY --from=build /made/li[b] /usr/lib/face-engine
ENV HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/var/lib/face-engine \
    SITE_ROOT=/usr/share/face-engine/site \
    ONNXRUNTIME_LIB=/usr/lib/face-engine/libonnxruntime.so \
    LOG_FORMAT=json
USER face-engine
WORKDIR /var/lib/face-engine
VOLUME /var/lib/face-engine
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --retries=3 \
    CMD curl --fail --silent --output /dev/null "http://127.0.0.1:${PORT}/health/live"
ENTRYPOINT ["face-engine"]
CMD ["serve"]
