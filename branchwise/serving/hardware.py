"""Device limits: memory bandwidth and arithmetic throughput.

GPUs come from their makers' data sheets (dense operations, without sparsity); 2402.16363 (LLM-Viewer) uses the same
kind of numbers. A CPU is measured, by a short program in the engine's own environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from branchwise.serving import probe
from branchwise.store.errors import ModelError, UnknownName

_PROBE_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A device's memory bandwidth and arithmetic peaks."""

    name: str
    bandwidth: float
    """Bytes a second between memory and arithmetic."""
    flops: Mapping[str, float] = field(default_factory=dict)
    """Operations a second, by number type."""
    source: str

    def peak(self, dtype: str) -> float:
        """Operations a second in `dtype`; a type without a figure counts as the slowest that has one."""
        return self.flops.get(dtype, min(self.flops.values()))


def _gpu(name: str, gigabytes: float, half: float, single: float, eight: float = 0.0) -> Device:
    tera = {"float16": half, "bfloat16": half, "float32": single}
    tera |= {"float8_e4m3fn": eight} if eight else {}
    flops = {dtype: value * 1e12 for dtype, value in tera.items()}
    return Device(name=name, bandwidth=gigabytes * 1e9, flops=flops, source="data sheet")


DEVICES = {
    device.name: device
    for device in (
        _gpu("A100-40G", 1555, 312, 19.5),
        _gpu("A100-80G", 2039, 312, 19.5),
        _gpu("H100-SXM", 3350, 989.4, 67, 1978.9),
        _gpu("H200", 4800, 989.4, 67, 1978.9),
        _gpu("L4", 300, 121, 30.3, 242),
        _gpu("L40S", 864, 362, 91.6, 733),
        _gpu("RTX-4090", 1008, 165.2, 82.6, 330.3),
        _gpu("V100-32G", 900, 125, 15.7),
    )
}


def device(name: str, dtype: str, python: Sequence[str] = ()) -> Device:
    """Look up a device; `cpu` and `cuda` are measured on this machine.

    Args:
        name: A name of `DEVICES`, "cpu", or "cuda" for this machine's first GPU.
        dtype: The number type that is measured.
        python: The engine's Python, for what is measured.

    Raises:
        UnknownName: Neither.
        ModelError: It cannot be measured; says why.
    """
    if name in {"cpu", "cuda"}:
        return measured(name, dtype, python)
    if name not in DEVICES:
        raise UnknownName("device", name, [*DEVICES, "cpu", "cuda"])
    return DEVICES[name]


def measured(kind: str, dtype: str, python: Sequence[str]) -> Device:
    """Measure this machine's memory and arithmetic with the engine's own torch; takes seconds.

    Raises:
        ModelError: There is no torch, or the program failed.
    """
    command = [*python, str(Path(probe.__file__)), kind, dtype]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PROBE_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"This machine's {kind} cannot be measured: {error}") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ModelError(f"This machine's {kind} cannot be measured: {last[0]}")
    said = json.loads(done.stdout)
    flops = {dtype: float(said["flops"])}
    return Device(name=said["name"], bandwidth=said["bandwidth"], flops=flops, source="measured here")


def here(*, cuda: bool) -> str:
    """The name of the first device of this machine, under which measurements of it are kept."""
    smi = shutil.which("nvidia-smi") if cuda else None
    if smi is None:
        return f"{probe.processor()} x{len(os.sched_getaffinity(0)) if sys.platform == 'linux' else os.cpu_count()}"
    command = [smi, "--query-gpu=name", "--format=csv,noheader"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PROBE_SECONDS)  # noqa: S603
    return said.stdout.partition("\n")[0].strip() or "cuda"
