"""A peer's side of a benchmark in turns: one line in, one repeat done, one line of JSON out. Standard library only."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path


def questions(count: int, salt: str) -> list[str]:
    """Problems that differ from each other and from those of every other repeat."""
    return [
        f"{salt} {number}: plan a journey through five towns and name them in order."
        for number in range(count)
    ]


def reward(text: str) -> float:
    """The program that judges a solution: 0 to 99, cheap, and different for different texts."""
    return float(sum(map(ord, text)) % 100)


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used so far."""
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def take_turns(run: Callable[[str], object], packages: Sequence[str], *, proxy: int | None = None) -> None:
    """Serve repeats until the input ends.

    The first line out names the versions. Each line in is a salt: `run(salt)` is timed, and what it took is a
    line out: wall seconds and CPU seconds of this process and of the process `proxy`, and what `run` returned.

    Every client looks for garbage as seldom as branchwise's own commands do.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    print(json.dumps({name: version(name) for name in packages}), flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        beside = cpu_of(proxy) if proxy else 0.0
        said = run(line.strip())
        row = {
            "seconds": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "proxy_cpu": cpu_of(proxy) - beside if proxy else 0.0,
            "said": said,
        }
        print(json.dumps(row), flush=True)
