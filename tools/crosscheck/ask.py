"""Calls every getter of nvidia-ml-py that takes a device and no other input, on every GPU.

Prints one JSON object: per GPU and function the value or the error number. What the calls cost: bench/calls.js.
"""

import ctypes
import json
import sys

import pynvml
from getters import getters

NOT_AVAILABLE = {"gpuInstanceId": 0xFFFFFFFF, "computeInstanceId": 0xFFFFFFFF}


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


def main():
    pynvml.nvmlInit()
    out = {"gpus": []}
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
    json.dump(out, sys.stdout)
    pynvml.nvmlShutdown()


main()
