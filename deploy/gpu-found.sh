#!/bin/sh
# Prints 1 where this machine has a real GPU that Vulkan may reach, else 0. Asked by the Makefile before anything is
# compiled, because the GPU engine is chosen at build time (feature `gpu`); GPU=0 or GPU=1 overrules it. Whether the GPU
# works is found out by the server at its start, which falls back to the CPU and says so.
set -eu

if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q '^GPU '; then
    echo 1
    exit 0
fi

# A render node whose driver computes: software drivers, displays without a render engine and virtual cards do not.
for node in /sys/class/drm/renderD*; do
    [ -e "$node/device/driver" ] || continue
    case $(basename "$(readlink -f "$node/device/driver")") in
        amdgpu | radeon | i915 | xe | nouveau | nvidia | msm* | panfrost | panthor | apple-drm | asahi | v3d)
            echo 1
            exit 0
            ;;
    esac
done

# Every Mac has one.
[ "$(uname -s)" = Darwin ] && echo 1 && exit 0

echo 0
