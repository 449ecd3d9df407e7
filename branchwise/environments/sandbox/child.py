"""The runner inside the sandbox: build the walls, give up every right, run the program, report.

A script of its own, run with `python -I -S`; it imports the standard library only. Three processes: the
outer one makes the namespaces, the second is process 1 of the new process namespace (when it ends, the
kernel kills whatever the program left behind), the third gives up its rights and runs the program.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import resource
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

_NEW_USER = 0x10000000
_WALLS = (("network", 0x40000000), ("mounts", 0x00020000), ("processes", 0x20000000), ("ipc", 0x08000000))
_NOSUID, _NODEV, _RECURSIVE, _PRIVATE = 2, 4, 0x4000, 0x40000
_SET_DEATH_SIGNAL, _SET_NO_NEW_PRIVILEGES = 1, 38
_MOUNT_SETATTR = 442  # the same on every architecture
_HIDDEN = ("/run", "/var/run", "/var/tmp", "/dev/shm")  # noqa: S108
_FOLDER = "/tmp"  # noqa: S108
_PRELOADED = """
abc array ast bisect cmath collections collections.abc contextlib copy dataclasses datetime decimal enum
fractions functools hashlib heapq io itertools json math numbers operator queue random re socket statistics
string struct subprocess textwrap threading time traceback types typing unicodedata urllib.request uuid
"""
"""Imported before the rights go, because the interpreter's own folder may be closed to the new user."""

_libc = ctypes.CDLL(None, use_errno=True)


def sandbox_child(report: int) -> None:
    """Read the order from standard input, and run it in the third process."""
    order = json.loads(sys.stdin.buffer.read())
    _die_with_parent()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    for name in _PRELOADED.split():
        import_module(name)
    walls = _namespaces()
    _as_child(lambda: _as_child(lambda: _work(order, walls, report)))


def _as_child(work: Callable[[], None]) -> None:
    """Do `work` in a fork and wait for it."""
    child = os.fork()
    if child == 0:
        _die_with_parent()
        try:
            work()
        finally:
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


def _die_with_parent() -> None:
    _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _namespaces() -> set[str]:
    """Leave the machine's network, mounts and processes as far as the kernel lets us; name the walls."""
    user, group = os.getuid(), os.getgid()
    if user != 0 and _libc.unshare(_NEW_USER) == 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return {wall for wall, flag in _WALLS if _libc.unshare(flag) == 0}


def _close_files(disk: int) -> bool:
    """Make everything read-only but an empty folder in memory; hide other people's sockets and files."""
    if _libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None) != 0:
        return False
    read_only = (ctypes.c_uint64 * 4)(1, 0, 0, 0)
    if _libc.syscall(_MOUNT_SETATTR, -100, b"/", 0x8000, read_only, 32) != 0:
        return False
    for hidden in _HIDDEN:
        _libc.mount(b"none", hidden.encode(), b"tmpfs", _NOSUID | _NODEV | 1, b"size=4k")
    options = f"size={disk},mode=1777,nr_inodes=1000".encode()
    if _libc.mount(b"none", _FOLDER.encode(), b"tmpfs", _NOSUID | _NODEV, options) != 0:
        return False
    _libc.mount(b"none", b"/proc", b"proc", _NOSUID | _NODEV | 1, None)
    return True


def _work(order: dict[str, Any], walls: set[str], report: int) -> None:
    """In the third process: give up all rights, run the program, tell the parent."""
    limits = order["limits"]

    def tell(**facts: str) -> None:
        os.write(report, json.dumps({"token": order["token"], **facts}).encode() + b"\n")

    if "mounts" in walls and _close_files(limits["disk"]):
        walls.add("files")
        os.chdir(_FOLDER)
    if os.getuid() == 0 and _become_nobody():
        walls.add("user")
    if lacking := set(order["needed"]) - walls:
        tell(lacking=", ".join(sorted(lacking)))
        return
    _limit(limits)
    _drop_capabilities()
    tell(walls=" ".join(sorted(walls - {"mounts", "ipc"})))
    tell(error=_run(order.pop("program")))


def _become_nobody() -> bool:
    """Take a user id of this run alone, so that limits count only this run's processes."""
    for user in (2**21 + random.SystemRandom().randrange(2**20), 65534):
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            _die_with_parent()  # a change of user clears it
            return True
    return False


def _limit(limits: dict[str, Any]) -> None:
    cpu = int(limits["seconds"]) + 1
    for kind, most in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["disk"]),
        (resource.RLIMIT_NOFILE, limits["files"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _drop_capabilities() -> None:
    """Give up what a user namespace granted, for good."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _libc.capset(header, (ctypes.c_uint32 * 6)())
    _libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _run(program: str) -> str:
    """Run the program; return its exception in one line, or the empty string."""
    try:
        exec(compile(program, "program.py", "exec"), {"__name__": "__main__"})  # noqa: S102
    except BaseException as error:
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:300]
    finally:
        sys.stdout.flush()
    return ""


if __name__ == "__main__":
    sandbox_child(int(sys.argv[1]))
