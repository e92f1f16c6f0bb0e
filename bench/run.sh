#!/bin/sh
# Builds the benchmark programs and measures the service: run.sh BUILD_FOLDER. Results go to bench/results/.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
"$build/pai_rag" load_model
ninja -C "$build" --quiet bench_encoder
exec python3 bench/bench_serve.py "$build"
