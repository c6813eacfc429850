"""Calls every getter of nvidia-ml-py that takes a device and no other input, on every GPU.

Prints one JSON object: per GPU and function the value or the error number, and what a call costs.
Usage: python3 ask.py [--time]
"""

import ctypes
import inspect
import json
import sys
import time

import pynvml

NOT_AVAILABLE = {"gpuInstanceId": 0xFFFFFFFF, "computeInstanceId": 0xFFFFFFFF}


def getters():
    for name, function in sorted(vars(pynvml).items()):
        if not name.startswith("nvmlDeviceGet") or not inspect.isfunction(function):
            continue
        parameters = list(inspect.signature(function).parameters.values())
        needed = [p for p in parameters if p.default is inspect.Parameter.empty]
        if len(needed) == 1 and needed[0].name.lower() in ("handle", "device", "devhandle", "migdevice"):
            yield name, function


def plain(value, field=""):
    if value is None or NOT_AVAILABLE.get(field) == value:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (ctypes.Structure, ctypes.Union)):
        fields = [f[0] for f in value._fields_ if f[0] != "version"]
        return {f: plain(getattr(value, f), f) for f in fields}
    if isinstance(value, ctypes._SimpleCData):
        return plain(value.value, field)
    if isinstance(value, dict):
        return {str(k): plain(v, k) for k, v in value.items()}
    if isinstance(value, (list, tuple, ctypes.Array)):
        return [plain(v) for v in value]
    if hasattr(value, "__dict__"):
        return {k: plain(v, k) for k, v in vars(value).items() if not k.startswith("_") and k != "version"}
    return None if isinstance(value, ctypes._Pointer) else str(value)


def cost(function, handle):
    """Nanoseconds a call takes: the median of seven batches."""
    # Warm first: for 20 ms or 2000 calls, whichever is sooner.
    began = time.perf_counter_ns()
    calls = 0
    while calls < 2000 and time.perf_counter_ns() - began < 20_000_000:
        function(handle)
        calls += 1
    once = max(1, (time.perf_counter_ns() - began) // calls)
    times = max(1, min(2000, 20_000_000 // once // 7))
    batches = []
    for _ in range(7):
        began = time.perf_counter_ns()
        for _ in range(times):
            function(handle)
        batches.append((time.perf_counter_ns() - began) / times)
    return sorted(batches)[3]


def main():
    pynvml.nvmlInit()
    out = {"gpus": [], "costs": {}}
    for index in range(pynvml.nvmlDeviceGetCount()):
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        answers = {}
        for name, function in getters():
            try:
                answers[name] = {"value": plain(function(handle))}
            except pynvml.NVMLError as error:
                answers[name] = {"error": error.value}
            except Exception as error:  # a getter of nvidia-ml-py that fails by itself
                answers[name] = {"broken": type(error).__name__ + ": " + str(error)}
        out["gpus"].append(answers)
        if "--time" in sys.argv and index == 0:
            for name, function in getters():
                if "value" in answers[name]:
                    out["costs"][name] = cost(function, handle)
    json.dump(out, sys.stdout)
    pynvml.nvmlShutdown()


main()
