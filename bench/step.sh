# What the scripts that run several benchmarks share; they set `out`, the folder of the results.

# A benchmark, with its output in a file of its own. What fails says so, and the rest goes on.
step() {
  local name=$1 began=$SECONDS
  shift
  if "$@" >"$out/$name" 2>"$out/$name.err"; then echo "$name: $((SECONDS - began)) s"; else
    echo "$name: failed, see $out/$name.err"
  fi
  [[ -s $out/$name.err ]] || rm -f "$out/$name.err"
}

# loop.c, compiled to this file.
compile_loop() { "${CC:-cc}" -O2 -o "$1" bench/loop.c -ldl; }
