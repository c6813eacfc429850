#!/bin/sh
# Compares the built library with nvidia-ml-py on this machine's GPUs. What the calls cost: npm run bench:calls.
# Needs node, python3 with nvidia-ml-py (pip install nvidia-ml-py), and npm run build.
# Usage: tools/crosscheck/run.sh [FOLDER]   keeps the answers there
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$(mktemp -d)}
mkdir -p "$out"
python3 "$here/ask.py" > "$out/before.json"
"${NODE:-node}" "$here/ask.js" "$out/before.json" > "$out/ours.json"
python3 "$here/ask.py" > "$out/after.json"
"${NODE:-node}" "$here/compare.js" "$out/before.json" "$out/ours.json" "$out/after.json"
