"""Run an untrusted Python program in a subprocess that can hurt nobody, and say how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from branchwise.store.errors import BranchwiseError

End = Literal["finished", "raised", "time", "output", "died"]
"""It ran to its last line; an exception, a limit of time or one of output ended it; or something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a program may use."""

    seconds: float = 5.0
    """Wall time; CPU time is limited to the next whole second."""
    memory: int = 512 * 2**20
    """Bytes of address space of each process."""
    disk: int = 16 * 2**20
    """Bytes of its own temporary folder, the only place where it can write."""
    processes: int = 8
    """Processes and threads together."""
    files: int = 64
    """Open files of each process."""
    output: int = 64 * 2**10
    """Bytes of standard output and error together; more ends the program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a program ended."""

    end: End
    error: str
    """The exception's type and first line, or why the program was ended; empty when it finished."""
    output: str
    """Standard output and error, mixed."""
    seconds: float
    walls: frozenset[str]
    """What stood between it and the machine: "files", "network", "processes" and "user"."""


class SandboxError(BranchwiseError):
    """This machine lacks what it takes to run untrusted code; nothing was run."""


_CHILD = Path(__file__).with_name("child.py")
_NEEDED = frozenset({"files", "network", "processes"})


def sandbox(program: str, *, limits: Limits | None = None, needed: frozenset[str] = _NEEDED) -> Outcome:
    """Run a Python program without network, with a private empty folder, as nobody, within limits. Blocks.

    On Linux the program gets its own network, mounts and processes (namespaces), a user id that owns nothing
    where the caller is root, and resource limits; everything it started dies with it. It cannot write outside
    its folder; it can read what that user can read. It runs inside the interpreter that reports its end, so
    one written to that purpose can forge "finished": a check that must hold against malice compares output.

    Args:
        program: Source text; standard library modules that the runner preloads are there in any case.
        limits: What it may use.
        needed: Walls without which it is not run at all.

    Raises:
        SandboxError: A needed wall cannot be put up here.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxError("Untrusted programs are run on Linux only; nothing was run.")
    limits = limits or Limits()
    token = secrets.token_hex(16)
    order = {"token": token, "program": program, "limits": asdict(limits), "needed": sorted(needed)}
    began = time.monotonic()
    reading, writing = os.pipe()
    child = subprocess.Popen(  # noqa: S603  the command is ours; what is untrusted goes in as text
        [sys.executable, "-I", "-S", "-B", str(_CHILD), str(writing)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(writing,),
        start_new_session=True,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        cwd="/",
    )
    os.close(writing)
    try:
        output, report, stopped = _listen(child, json.dumps(order).encode(), reading, limits)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        _await_the_last(reading)
        os.close(reading)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
    return _outcome(output, report, token, stopped, time.monotonic() - began)


def _listen(
    child: subprocess.Popen[bytes], order: bytes, reading: int, limits: Limits
) -> tuple[bytes, bytes, End | None]:
    """Feed the child, collect what it prints and reports, and stop at a limit."""
    if child.stdin is None or child.stdout is None:
        raise SandboxError("The runner has no pipes.")
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(order)
        child.stdin.close()
    deadline = time.monotonic() + limits.seconds + 1.0  # the runner's own start is not the program's time
    printed, report = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout.fileno(), selectors.EVENT_READ, printed)
        selector.register(reading, selectors.EVENT_READ, report)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return bytes(printed), bytes(report), "time"
            for key, _ in selector.select(left):
                part = os.read(key.fd, 65536)
                key.data.extend(part)
                if not part:
                    selector.unregister(key.fd)
            if len(printed) > limits.output or len(report) > limits.output:
                return bytes(printed[: limits.output]), bytes(report[: limits.output]), "output"
    return bytes(printed), bytes(report), None


def _await_the_last(reading: int) -> None:
    """Wait until no process holds the other end of the pipe, that is until all of them are gone."""
    deadline = time.monotonic() + 2.0
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(left) and not os.read(reading, 65536):
                return


def _outcome(output: bytes, report: bytes, token: str, stopped: End | None, seconds: float) -> Outcome:
    walls: frozenset[str] = frozenset()
    end: End = stopped or "died"
    error = {"time": "It ran out of time.", "output": "It printed too much."}.get(end, "It died silently.")
    for line in report.decode(errors="replace").splitlines():
        said = _said(line, token)
        if "walls" in said:
            walls = frozenset(said["walls"].split())
        if "lacking" in said:
            raise SandboxError(
                f"Untrusted code cannot be walled off here: no {said['lacking']}. Nothing was run."
            )
        if "error" in said and stopped is None:
            error = said["error"]
            end = "raised" if error else "finished"
    return Outcome(end=end, error=error, output=output.decode(errors="replace"), seconds=seconds, walls=walls)


def _said(line: str, token: str) -> dict[str, str]:
    """A line of the report; what does not carry the token was not written by the runner."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(said, dict) or said.pop("token", None) != token:
        return {}
    return {str(name): str(value)[:500] for name, value in said.items()}
