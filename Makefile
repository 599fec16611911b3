# The front door. `make help` lists what there is; everything that is more than one line lives in xtask/.
#
# Every cargo call builds the same selection (the workspace's default members) in the same profile: another selection
# unites features in another way, and dependencies would be compiled a second time.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export CARGO_TARGET_DIR ?= $(CURDIR)/target
# With the GPU engine where a GPU is found; GPU=0 or GPU=1 overrules.
GPU ?= $(shell deploy/gpu-found.sh)
FEATURES := $(if $(filter 1,$(GPU)),--features models/gpu)
BIN := $(CARGO_TARGET_DIR)/debug
XTASK := $(BIN)/xtask
ENGINE_BIN := $(BIN)/face-engine
# More for `cargo build`, --timings for one.
CARGO_FLAGS ?=
# best, light, standard or all.
PACK ?= best

.PHONY: help run setup test test-gpu bench accuracy build models samples site fmt fmt-check lint clean

help: ## This list
	@echo "Face engine. The two to begin with: make run, make test."
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

run: build ## Set up, build, serve http://127.0.0.1:3000 with the sample pictures
	@$(XTASK) setup --pack $(PACK)
	@exec $(ENGINE_BIN) serve

setup: build ## Everything that `run` needs, without serving
	@$(XTASK) setup --pack $(PACK)

test: build ## Set up, then every test: Rust, then the browser
	@$(XTASK) setup --pack all
	@$(XTASK) browser
	@$(XTASK) test $(FEATURES)

test-gpu: build ## The parity tests on this machine's GPU; without one, on a software renderer (Mesa's lavapipe) through WGSL
	@$(XTASK) models --pack all
	@if [ "$$(deploy/gpu-found.sh)" = 1 ]; then \
		cargo test --locked --features models/gpu --test gpu -- --nocapture --test-threads 1; \
	else \
		echo "test-gpu: no GPU is found, so a software renderer takes its place (Debian: apt-get install mesa-vulkan-drivers)"; \
		GPU_ALLOW_SOFTWARE=1 cargo test --locked --features models/gpu-wgsl --test gpu -- --nocapture --test-threads 1; \
	fi

bench: build ## Our wall time against the reference pipeline in Python
	@$(XTASK) setup --pack all
	@$(XTASK) bench-env
	@$(XTASK) bench

accuracy: build ## docs/accuracy.md and its curves: thresholds, error rates, recall (LFW_DIR: other pictures)
	@$(XTASK) models --pack all
	@$(XTASK) onnxruntime
	@$(XTASK) accuracy

build:
	@echo "build: server and set-up (from nothing some 25 minutes on two cores; no change, no work)"
	@cargo build --locked $(FEATURES) --bins $(CARGO_FLAGS)

models: build ## The weights alone; PACK=light|standard|all chooses
	@$(XTASK) models --pack $(PACK)

samples: build ## The sample pictures alone
	@$(XTASK) samples

site: build ## The page's bundle alone
	@$(XTASK) site

fmt: ## Format the Rust code
	cargo fmt --all

fmt-check:
	cargo fmt --all -- --check

lint: fmt-check ## Clippy, warnings are errors (compiles all dependencies once more the first time)
	cargo clippy --locked $(FEATURES) --all-targets -- -D warnings

clean: ## Remove what was built and set up; requests and their files stay
	cargo clean
	rm -rf data/lib data/models data/samples data/site end2end/node_modules
