#!/usr/bin/env bash
# Every benchmark that wants a GPU, one after the other, each with its raw runs in a file of its own: about eight minutes.
#
#   npm run build && bench/all.sh FOLDER
#
# NODES names other Nodes to compare, BINARY the single file, REAL another program for nvidia-smi, RUNS how often whole
# processes run, CPU where loops run.
set -uo pipefail
cd "$(dirname "$0")/.."
out=${1:?name a folder for the results}
real=${REAL:-nvidia-smi}
runs=${RUNS:-11}
cpu=${CPU:-$(($(nproc) - 1))}
mkdir -p "$out"
. bench/step.sh

about() {
  date -u +%F
  $real -L
  $real --version
  node --version
  for node in ${NODES:-}; do "$node" --version; done
}

# One CPU for all three, as a sample takes half as long again on another.
loop() {
  local program
  program=$(mktemp)
  compile_loop "$program" || return
  for _ in 1 2 3 4 5 6 7 8 9; do
    taskset -c "$cpu" "$program"
    taskset -c "$cpu" "${PYTHON:-python3}" bench/loop.py
    taskset -c "$cpu" npx --no tsx bench/loop.ts
  done
  rm -f "$program"
}

step about.txt about
step monitors.jsonl node bench/monitors.js --real "$real"
step oneshot.jsonl node bench/oneshot.js --json --runs "$runs" --real "$real"
step rows.txt node bench/rows.js --rounds 2 --seconds 4 --real "$real"
step startup.jsonl node bench/startup.js --json
for node in ${NODES:-}; do
  version=$("$node" --version)
  step "oneshot-$version.jsonl" node bench/oneshot.js --json --runs "$runs" --real "$real" --nvsmi "$node bin/nvsmi.js"
done
if [[ -n ${BINARY:-} ]]; then
  step oneshot-binary.jsonl node bench/oneshot.js --json --runs "$runs" --real "$real" --nvsmi "$BINARY"
fi
step calls.txt node bench/calls.js
step device-query.txt node bench/device-query.js
step loop.jsonl loop
