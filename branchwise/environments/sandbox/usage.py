"""Total resource use of all processes below a runner; the kernel limits only each process (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from branchwise.environments.sandbox.bubblewrap import WRITABLE
from branchwise.environments.sandbox.limits import End, Limits

_PROC = Path("/proc")
_OF_THE_WALLS = 2
"""Processes of bubblewrap itself."""


def over(root: int, limits: Limits, *, walled: bool) -> End | None:
    """The limit that the processes below process `root` exceed together, or None.

    Memory is counted as address space, which bounds what they can touch, and as files in the writable folders,
    which lie in memory.
    """
    if not _PROC.is_dir():
        return None
    found = list(below(root))
    ours = _OF_THE_WALLS if walled else 0
    tasks = memory = 0
    for process in found[ours:]:
        memory += _address_space(process)
        tasks += len(_names(_PROC / str(process) / "task"))
    files = _files(found[ours]) if walled and found[ours:] else []
    if memory + sum(held for held, _ in files) > limits.memory:
        return "memory"
    if (
        tasks > 2 * limits.processes
    ):  # the kernel refuses one more, except for a user id that it does not count
        return "processes"
    return "files" if any(entries > limits.entries for _, entries in files) else None


def below(root: int) -> Iterator[int]:
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


def _files(process: int) -> list[tuple[int, int]]:
    """Bytes, and files and folders, in each writable folder of a process."""
    found = []
    for folder in WRITABLE:
        try:
            seen = os.statvfs(f"{_PROC}/{process}/root{folder}")
        except OSError:
            continue
        found.append(((seen.f_blocks - seen.f_bfree) * seen.f_frsize, seen.f_files - seen.f_ffree))
    return found


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - only the names are needed
    except OSError:
        return []
