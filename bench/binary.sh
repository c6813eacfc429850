#!/usr/bin/env bash
# The single file beside nvidia-smi, on a machine with a GPU that has neither Node nor npm: the file itself runs these scripts as
# Bun does. Raw runs in files of their own: about four minutes.
#
#   bench/binary.sh FOLDER [BINARY]
#
# RUNS is how often whole processes run, REAL another program for nvidia-smi. A C compiler is needed for the stages and for the loop
# in C, and node_modules/koffi for the loop in process.
set -uo pipefail
cd "$(dirname "$0")/.."
out=${1:?name a folder for the results}
binary=$(realpath "${2:-dist/nvsmi-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')}")
real=${REAL:-nvidia-smi}
runs=${RUNS:-11}
mkdir -p "$out"
. bench/step.sh
as_bun() { BUN_BE_BUN=1 "$binary" "$@"; }

about() {
  date -u +%F
  $real -L
  "$binary" --version 2>&1
  as_bun --version
  sha256sum "$binary"
  uname -r
  nproc
}

stages() {
  local eight=index,name,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw
  for arguments in -L "--query-gpu=$eight --format=csv" "" -q "-q -x" "-q -d TEMPERATURE" "nvlink -s" "topo -m"; do
    # shellcheck disable=SC2086
    as_bun bench/stages.js --runs "$runs" --programs "$real,$binary" -- $arguments
  done
}

loop() {
  local program cpu=$(($(nproc) - 1))
  program=$(mktemp)
  compile_loop "$program" || return
  for _ in 1 2 3 4 5; do
    taskset -c "$cpu" "$program"
    for set in 1 8; do BUN_BE_BUN=1 taskset -c "$cpu" "$binary" bench/loop.ts 20000 "" "$set"; done
  done
  rm -f "$program"
}

step about.txt about
step oneshot.jsonl as_bun bench/oneshot.js --json --runs "$runs" --real "$real" --nvsmi "$binary"
step stages.jsonl stages
step rows.txt as_bun bench/rows.js --rounds 2 --seconds 3 --real "$real" --nvsmi "$binary"
step loop.jsonl loop
step timeout.txt as_bun bench/timeout.js --runs "$runs" --nvsmi "$binary"
