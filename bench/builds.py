"""Builds of nvsmi beside nvidia-smi: whole processes and loops, in turn and pinned. Medians, and ratios to the first program.

    python3 bench/builds.py RUNS SECONDS NAME=PROGRAM...

Needs nothing but Python. CPU time is that of the process and of those that it waited for.
"""

import os
import signal
import sys
import tempfile
import time
from statistics import median

EIGHT = "--query-gpu=index,name,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw"
LINES = ["-L", f"{EIGHT} --format=csv", "", "-q", "-q -x", "-q -d TEMPERATURE", "nvlink -s", "topo -m"]
LOOPS = [f"{EIGHT} --format=csv,noheader -lms {period}" for period in (1, 100)]
LOOP_RUNS = 3
CPUS = sorted(os.sched_getaffinity(0))


def run(program, line, cpus, seconds=None):
    """Milliseconds from start to end, milliseconds of CPU time, MiB at most, lines printed."""
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            os.sched_setaffinity(0, cpus)
            os.dup2(out.fileno(), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.execvp(program, [program, *line.split()])
        if seconds is not None:
            time.sleep(seconds)
            os.kill(pid, signal.SIGTERM)
        _, _, usage = os.wait4(pid, 0)
        took = time.perf_counter() - began
        out.seek(0)
        lines = out.read().count(b"\n")
    return took * 1000, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024, lines


def loop(program, line, seconds):
    """Microseconds of CPU time a row after the first second, rows a second, MiB at most."""
    first, whole = (run(program, line, CPUS[-1:], length) for length in (1, seconds))
    return (whole[1] - first[1]) * 1000 / max(1, whole[3] - first[3]), whole[3] / seconds, whole[2]


def main(runs, seconds, *named):
    programs = {"nvidia-smi": "nvidia-smi", **dict(name.split("=", 1) for name in named)}
    print(f"whole processes on two CPUs, medians of {runs} runs: ms (CPU ms), ratio")
    for line in LINES:
        took = {name: [] for name in programs}
        for _ in range(int(runs)):
            for name, program in programs.items():
                took[name].append(run(program, line, CPUS[-2:]))
        show(line, took, lambda wall, cpu, *_: f"{wall:.1f} ({cpu:.1f})")
    print(f"loops of {seconds} s on one CPU, medians of {LOOP_RUNS}: CPU us a row after the first second, rows a second, MiB, ratio")
    for line in LOOPS:
        took = {name: [] for name in programs}
        for _ in range(LOOP_RUNS):
            for name, program in programs.items():
                took[name].append(loop(program, line, float(seconds)))
        show(line, took, lambda cpu, rows, most: f"{cpu:.1f} us {rows:.1f}/s {most:.0f} MiB")


def show(line, took, text):
    medians = {name: [median(column) for column in zip(*runs)] for name, runs in took.items()}
    first = next(iter(medians.values()))[0]
    shown = (f"{name} {text(*values)} {values[0] / first:.3f}" for name, values in medians.items())
    print(f"{line.replace(EIGHT, '8 fields') or 'summary'}: {'; '.join(shown)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
