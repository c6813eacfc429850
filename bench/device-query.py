"""What pynvml_utils' DeviceQuery costs: microseconds a call, median of batches. Needs: pip install pynvml."""

import json
import sys
import time

FILTERS = sys.argv[1:] or [
    "memory.free, memory.total",
    "utilization.gpu,memory.used,temperature.gpu,power.draw",
]


def median(values):
    return sorted(values)[len(values) // 2]


def main():
    began = time.perf_counter()
    from pynvml_utils import nvidia_smi

    imported = time.perf_counter()
    smi = nvidia_smi.getInstance()
    opened = time.perf_counter()
    out = {"import ms": (imported - began) * 1e3, "getInstance ms": (opened - imported) * 1e3}
    for name in FILTERS:
        smi.DeviceQuery(name)
        batches = []
        for _ in range(9):
            start = time.perf_counter()
            for _ in range(200):
                smi.DeviceQuery(name)
            batches.append((time.perf_counter() - start) / 200 * 1e6)
        out[name + " us"] = median(batches)
    try:
        out["everything ms"] = median([timed(smi) for _ in range(5)])
    except Exception as error:  # it fails on the brand of current GPUs
        out["everything ms"] = repr(error)
    print(json.dumps(out, indent=1))


def timed(smi):
    start = time.perf_counter()
    smi.DeviceQuery()
    return (time.perf_counter() - start) * 1e3


main()
