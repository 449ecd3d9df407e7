"""Which process holds a lease, and whether that process is still there."""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def owner() -> str:
    """Name this process and this moment: `machine/pid/start/nonce`, never the same twice."""
    return f"{_process(os.getpid())}/{secrets.token_hex(4)}"


def is_gone(name: str | None) -> bool:
    """Whether `name` was a process of this machine that has ended; False when this cannot be known."""
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


@cache  # every run asks, and it takes the kernel half a millisecond to tell
def _process(pid: int) -> str:
    return f"{_machine()}/{pid}/{_started(pid)}"


@cache
def _machine() -> str:
    # Containers share a kernel, and process numbers mean nothing outside their own namespace.
    boot, space = _PROC / "sys/kernel/random/boot_id", _PROC / "self/ns/pid"
    parts = [socket.gethostname()[:64].encode("ascii", "replace").decode().replace("/", "-")]
    if boot.exists():
        parts.append(boot.read_text(encoding="ascii")[:8])
    if space.exists():
        parts.append(str(space.stat().st_ino))
    return ":".join(parts)


def _started(pid: int) -> str:
    """When the process began, in the kernel's ticks, so that a reused number is not taken for it."""
    try:
        state = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "0"
    fields = state.rpartition(")")[2].split()
    return "zombie" if fields[0] in "ZX" else fields[19]
