"""The nvidia-ml-py side of calls.js: answers `NAME COUNT` with the nanoseconds of so many calls, or why there are none."""

import inspect
import sys
import time

import pynvml


def getters():
    """Functions that take a device and no other input."""
    for name, function in sorted(vars(pynvml).items()):
        if not name.startswith("nvmlDeviceGet") or not inspect.isfunction(function):
            continue
        parameters = list(inspect.signature(function).parameters.values())
        needed = [p for p in parameters if p.default is inspect.Parameter.empty]
        if len(needed) == 1 and needed[0].name.lower() in ("handle", "device", "devhandle", "migdevice"):
            yield name


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
        answer = " ".join(getters()) if name == "names" else timed(getattr(pynvml, name), device, int(count))
        print(answer, flush=True)
    pynvml.nvmlShutdown()


main()
