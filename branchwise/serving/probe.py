"""Measure a machine's memory bandwidth and arithmetic: `python probe.py cpu|cuda DTYPE` prints JSON. Needs torch only.

Each number is the best of several tries, on a CPU with one thread and with all: a roof is what the machine can do, not
what it does while it is busy with something else.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SIDE = {"cpu": 1024, "cuda": 8192}
_BYTES = {"cpu": 256 * 1024 * 1024, "cuda": 4 * 1024 * 1024 * 1024}
_SECONDS, _TRIES = 1.0, 3


def main(kind: str, dtype: str) -> dict[str, Any]:
    """Measure the first device of `kind`, multiplying in `dtype`."""
    import torch  # noqa: PLC0415 - the engine's, not ours

    def best(work: Callable[[], object]) -> float:
        work()
        seconds: list[float] = []
        while len(seconds) < _TRIES or sum(seconds) < _SECONDS:
            if kind == "cuda":
                torch.cuda.synchronize()
            began = time.perf_counter()
            work()
            if kind == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - began)
        return min(seconds)

    side = _SIDE[kind]
    left, right = (torch.randn(side, side, device=kind).to(getattr(torch, dtype)) for _ in "ab")
    # Weights are read and not written: a sum reads every byte once.
    data = torch.ones(_BYTES[kind] // 4, device=kind)
    multiplied, read = [], []
    for threads in {1, torch.get_num_threads()} if kind == "cpu" else {1}:
        if kind == "cpu":
            torch.set_num_threads(threads)
        multiplied.append(best(lambda: left @ right))
        read.append(best(data.sum))
    name = torch.cuda.get_device_name() if kind == "cuda" else processor()
    return {"name": name, "bandwidth": _BYTES[kind] / min(read), "flops": 2 * side**3 / min(multiplied)}


def processor() -> str:
    """The name of this machine's processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:3])))  # noqa: T201 - its answer
