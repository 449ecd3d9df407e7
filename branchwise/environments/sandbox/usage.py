"""Total resource use of all processes below a runner; the kernel limits only each process (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from branchwise.environments.sandbox.limits import End, Limits

_PROC = Path("/proc")
_OF_THE_WALLS = 2
"""Processes of bubblewrap itself."""


def over(root: int, limits: Limits, *, walled: bool) -> End | None:
    """The limit that the processes below process `root` exceed together, or None.

    Memory is counted as address space: it bounds what they can touch, shared memory included.
    """
    if not _PROC.is_dir():
        return None
    below = list(_below(root))
    ours = _OF_THE_WALLS if walled else 0
    tasks = memory = 0
    for process in below[ours:]:
        memory += _address_space(process)
        tasks += len(_names(_PROC / str(process) / "task"))
    if memory > limits.memory:
        return "memory"
    if (
        tasks > 2 * limits.processes
    ):  # the kernel refuses one more, except for a user id that it does not count
        return "processes"
    return "files" if walled and below[ours:] and _entries(below[ours]) > limits.entries else None


def _below(root: int) -> Iterator[int]:
    """The process and its descendants, parents first."""
    waiting = [root]
    while waiting:
        process = waiting.pop(0)
        yield process
        for task in _names(_PROC / str(process) / "task"):
            try:
                said = (_PROC / str(process) / "task" / task / "children").read_text()
            except OSError:
                continue
            waiting += [int(child) for child in said.split()]


def _address_space(process: int) -> int:
    try:
        return int((_PROC / str(process) / "statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _entries(process: int) -> int:
    """Files and folders in the temporary folder of a process."""
    try:
        seen = os.statvfs(_PROC / str(process) / "root/tmp")
    except OSError:
        return 0
    return seen.f_files - seen.f_ffree


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - only the names are needed
    except OSError:
        return []
