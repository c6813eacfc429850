"""The nvidia-ml-py side of calls.js: answers `NAME COUNT` with the nanoseconds of so many calls, or why there are none."""

import sys
import time
from pathlib import Path

import pynvml

sys.path.append(str(Path(__file__).parent.parent / "tools/crosscheck"))
from getters import getters  # noqa: E402


def timed(function, device, count):
    try:
        began = time.perf_counter_ns()
        for _ in range(count):
            function(device)
        return time.perf_counter_ns() - began
    except Exception as error:  # refused, or a getter that fails by itself
        return f"{type(error).__name__}: {error}".splitlines()[0]


def main():
    pynvml.nvmlInit()
    device = pynvml.nvmlDeviceGetHandleByIndex(0)
    for line in sys.stdin:
        name, _, count = line.strip().partition(" ")
        if name == "names":
            answer = " ".join(getter for getter, _ in getters())
        else:
            answer = timed(getattr(pynvml, name), device, int(count))
        print(answer, flush=True)
    pynvml.nvmlShutdown()


main()
