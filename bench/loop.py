"""The same samples through pynvml (nvidia-ml-py), formatted as a CSV line, as a Python monitor would."""
import json
import sys
import time

import pynvml as nvml

samples = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
nvml.nvmlInit()
handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
names = [(nvml.nvmlDeviceGetName(h), nvml.nvmlDeviceGetUUID(h)) for h in handles]


def one():
    return "".join(f"{nvml.nvmlDeviceGetMemoryInfo(h, version=nvml.nvmlMemory_v2).used >> 20} MiB\n" for h in handles)


def eight():
    lines = []
    for i, h in enumerate(handles):
        memory = nvml.nvmlDeviceGetMemoryInfo(h, version=nvml.nvmlMemory_v2)
        utilization = nvml.nvmlDeviceGetUtilizationRates(h)
        temperature = nvml.nvmlDeviceGetTemperature(h, 0)
        power = nvml.nvmlDeviceGetPowerUsage(h)
        lines.append(
            f"{i}, {names[i][0]}, {names[i][1]}, {memory.total >> 20} MiB, {memory.used >> 20} MiB, "
            f"{utilization.gpu} %, {temperature}, {power / 1000:.2f} W\n"
        )
    return "".join(lines)


for fields, sample in ((1, one), (8, eight)):
    for _ in range(samples // 10):
        sample()
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(samples):
        sample()
    print(json.dumps({
        "tool": "pynvml", "fields": fields, "samples": samples,
        "wallNs": round((time.perf_counter_ns() - wall) / samples),
        "cpuNs": round((time.process_time_ns() - cpu) / samples),
    }))
