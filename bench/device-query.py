"""The Python side of device-query.js: what DeviceQuery costs, in microseconds a call.

With pynvml_utils (pip install pynvml; in older versions pynvml.smi) that is measured. Without it, the NVML calls that it
makes for the same filter, through nvidia-ml-py alone: the least that it can cost, as nothing is put together of them.
"""

import json
import sys
import time

import pynvml

DEVICE = "nvmlDeviceGet"
#: What each filter calls on a GPU: functions, and their other inputs.
CALLS = {
    "memory.free, memory.total": [("MemoryInfo",)],
    "utilization.gpu,memory.used,temperature.gpu,power.draw": [
        ("MemoryInfo",),
        ("UtilizationRates",),
        *[("Temperature", 0), ("TemperatureThreshold", 0), ("TemperatureThreshold", 1)],
        *[("PowerUsage",), ("PowerState",)],
    ],
    "": [
        *[(name,) for name in "PciInfo Name Brand DisplayMode DisplayActive PersistenceMode AccountingMode".split()],
        *[(name,) for name in "AccountingBufferSize CurrentDriverModel PendingDriverModel Serial UUID".split()],
        *[(name,) for name in "MinorNumber VbiosVersion MultiGpuBoard BoardId InforomImageVersion".split()],
        *[("InforomVersion", i) for i in range(3)],
        *[(name,) for name in "CurrentGpuOperationMode PendingGpuOperationMode MaxPcieLinkGeneration".split()],
        *[(name,) for name in "CurrPcieLinkGeneration MaxPcieLinkWidth CurrPcieLinkWidth".split()],
        *[(name,) for name in "BridgeChipInfo PcieReplayCounter".split()],
        *[("PcieThroughput", i) for i in range(2)],
        *[(name,) for name in "FanSpeed PerformanceState MemoryInfo BAR1MemoryInfo ComputeMode".split()],
        *[(name,) for name in "UtilizationRates EncoderUtilization DecoderUtilization EccMode".split()],
        *[("MemoryErrorCounter", e, c, m) for c in range(2) for e in range(2) for m in range(5)],
        *[("TotalEccErrors", e, c) for c in range(2) for e in range(2)],
        *[("RetiredPages", 0), ("RetiredPages", 1), ("RetiredPagesPendingStatus",)],
        *[("Temperature", 0), ("TemperatureThreshold", 0), ("TemperatureThreshold", 1)],
        *[(name,) for name in "PowerManagementMode PowerUsage PowerManagementLimit PowerState".split()],
        *[(name,) for name in "PowerManagementDefaultLimit EnforcedPowerLimit".split()],
        ("PowerManagementLimitConstraints",),
        *[("ClockInfo", i) for i in range(3)],
        *[(name, i) for name in ("ApplicationsClock", "DefaultApplicationsClock") for i in (0, 2)],
        *[("MaxClockInfo", i) for i in range(3)],
        *[(name,) for name in "AutoBoostedClocksEnabled SupportedClocksThrottleReasons".split()],
        *[(name,) for name in "CurrentClocksThrottleReasons ComputeRunningProcesses AccountingPids".split()],
    ],
}


def called(device, what):
    try:
        return getattr(pynvml, DEVICE + what[0])(device, *what[1:])
    except pynvml.NVMLError as error:
        return error


def by_hand(text):
    """The calls of a filter on every GPU, which pynvml_utils looks up anew each time."""
    for index in range(pynvml.nvmlDeviceGetCount()):
        device = pynvml.nvmlDeviceGetHandleByIndex(index)
        for what in CALLS[text]:
            called(device, what)
        if text == "":
            clocks = called(device, ("SupportedMemoryClocks",))
            for clock in clocks if isinstance(clocks, list) else []:
                called(device, ("SupportedGraphicsClocks", clock))


def implementation():
    try:
        from pynvml_utils import nvidia_smi
    except ImportError:
        try:
            from pynvml.smi import nvidia_smi
        except ImportError:
            pynvml.nvmlInit()
            return "its NVML calls alone", by_hand, None
    smi = nvidia_smi.getInstance()
    return "pynvml_utils", lambda text: smi.DeviceQuery(text or None), lambda text: smi.XmlDeviceQuery(text or None)


def micros(call, text):
    """The batches in microseconds a call, sorted: nine of up to 30 ms, after 150 ms of the same."""
    began = time.perf_counter()
    calls = 0
    while time.perf_counter() - began < 0.15:
        call(text)
        calls += 1
    times = max(1, min(2000, calls * 30 // 150))
    batches = []
    for _ in range(9 if times > 1 else 3):
        began = time.perf_counter()
        for _ in range(times):
            call(text)
        batches.append((time.perf_counter() - began) / times * 1e6)
    return sorted(batches)


def main():
    name, query, xml = implementation()
    out = {}
    for text in CALLS:
        for method, call in (("deviceQuery", query), ("xmlDeviceQuery", xml or query)):
            try:
                out[f"{method}({text})"] = micros(call, text)
            except Exception as error:  # pynvml_utils fails on the brand of current GPUs
                print(f"{method}({text}): {error!r}", file=sys.stderr)
    print(json.dumps({"name": name, "micros": out}))


main()
