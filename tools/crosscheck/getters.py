"""The getters of nvidia-ml-py that take a GPU and no other input: what is compared and timed."""

import inspect

import pynvml

DEVICE_NAMES = ("handle", "device", "devhandle", "migdevice")


def getters():
    """Yields (name, function) in the order of the names."""
    for name, function in sorted(vars(pynvml).items()):
        if not name.startswith("nvmlDeviceGet") or not inspect.isfunction(function):
            continue
        parameters = list(inspect.signature(function).parameters.values())
        needed = [p for p in parameters if p.default is inspect.Parameter.empty]
        if len(needed) == 1 and needed[0].name.lower() in DEVICE_NAMES:
            yield name, function
