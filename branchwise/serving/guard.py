"""Guard process of one engine: it ends the engine when its own standard input closes.

Run as a program of its own, `python guard.py GRACE COMMAND ...`, between the supervisor and the engine. A pipe closes
whatever way its holder dies, SIGKILL included, so asking an engine to stop and losing its supervisor are one case:
SIGTERM to the engine and its children, `GRACE` seconds, SIGKILL. It ends when nothing of the engine is left, with the
engine's exit code. Needs the standard library only, and imports nothing of branchwise, to be small and quick.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_TICK = 0.1


def main(grace: float, command: list[str]) -> int:
    """Run `command` until it ends or standard input closes; return its exit code."""
    os.setsid()  # a group of its own, so that Ctrl-C at the terminal reaches the supervisor only
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to the group, meant for the engine
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_before_engine)  # noqa: PLW1509, S603
    while engine.poll() is None and not _let_go(_TICK):
        pass
    if engine.poll() is None:
        os.killpg(0, signal.SIGTERM)
        _wait(engine, grace)
    code = engine.poll()
    _end_the_rest(engine)
    return code if code is not None else -signal.SIGKILL


def _before_engine() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    # Linux has it; elsewhere the pipe and the process group have to do.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _let_go(seconds: float) -> bool:
    with selectors.DefaultSelector() as ready:
        ready.register(0, selectors.EVENT_READ)
        return bool(ready.select(seconds)) and not os.read(0, 1)


def _wait(engine: subprocess.Popen[bytes], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while engine.poll() is None and time.monotonic() < ends:
        time.sleep(_TICK)


def _end_the_rest(engine: subprocess.Popen[bytes]) -> None:
    """Kill what the engine left behind; orphans of its group come to this process, their new parent."""
    if sys.platform != "linux":
        os.killpg(0, signal.SIGKILL)  # this process too, for nothing tells whether anybody is left
    while left := _children():
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        for pid in left:
            if pid == engine.pid:
                engine.wait()
            else:
                os.waitpid(pid, 0)


def _children() -> list[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listed.read_text().split()]


def _end_as(code: int) -> None:
    """Exit as the engine did: with its exit code, or by its signal."""
    if code >= 0:
        sys.exit(code)
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)


if __name__ == "__main__":
    _end_as(main(float(sys.argv[1]), sys.argv[2:]))
