"""Owner names of leases, and a check whether the owning process still runs."""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def owner() -> str:
    """A unique owner name for this process and moment: `machine/pid/start/nonce`."""
    return f"{_process(os.getpid())}/{secrets.token_hex(4)}"


def is_gone(name: str | None) -> bool:
    """Whether `name` is a process of this machine that has ended; False if unknown."""
    try:
        machine, pid, start, _ = (name or "").rsplit("/", 3)
        number = int(pid)
    except ValueError:
        return False
    if machine != _machine():
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _started(number) != start


@cache  # cached: every run needs it, and the kernel takes half a millisecond
def _process(pid: int) -> str:
    return f"{_machine()}/{pid}/{_started(pid)}"


@cache
def _machine() -> str:
    # Containers share a kernel; process ids are valid only in their own namespace.
    boot, space = _PROC / "sys/kernel/random/boot_id", _PROC / "self/ns/pid"
    parts = [socket.gethostname()[:64].encode("ascii", "replace").decode().replace("/", "-")]
    if boot.exists():
        parts.append(boot.read_text(encoding="ascii")[:8])
    if space.exists():
        parts.append(str(space.stat().st_ino))
    return ":".join(parts)


def _started(pid: int) -> str:
    """The start time of a process in kernel ticks; tells a reused process id apart."""
    try:
        state = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "0"
    fields = state.rpartition(")")[2].split()
    return "zombie" if fields[0] in "ZX" else fields[19]
