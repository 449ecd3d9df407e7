"""Start runners, watch them, and end them at a limit."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from branchwise.environments.sandbox.bubblewrap import Walls, filter_pipe, walls
from branchwise.environments.sandbox.limits import End, Limits, ProgramOutcome, SandboxError
from branchwise.environments.sandbox.usage import below, over

_TICK = 0.02
"""Seconds between measurements of the processes' resource use."""
_STARTING = 10.0
"""Maximum seconds of the runners' start; the program's time begins when all have reported."""
_SLACK = 0.5
"""Seconds beyond the program's time for the runners' own work after it."""
_WATCHED = 64
"""Processes below a runner whose end is waited for."""
_ENDED: Mapping[End, str] = {
    "time": "It ran out of time.",
    "output": "It printed too much.",
    "memory": "It used too much memory.",
    "processes": "It started too many processes.",
    "files": "It made too many files.",
    "died": "It died silently.",
}


@dataclass(kw_only=True, slots=True)
class Job:
    """One runner: its order, reports and outcome."""

    order: Mapping[str, Any]
    """The order for `child.py`, without the token, limits and walls."""
    fds: Sequence[int] = ()
    """File descriptors that it inherits."""
    facts: list[dict[str, Any]] = field(default_factory=list)
    """Its reports, one a line."""
    outcome: ProgramOutcome | None = None


@dataclass(kw_only=True, slots=True)
class _Running:
    job: Job
    child: subprocess.Popen[bytes]
    report: int
    token: str
    printed: bytearray = field(default_factory=bytearray)
    reported: bytearray = field(default_factory=bytearray)
    stopped: End | None = None


def run_jobs(jobs: Sequence[Job], limits: Limits) -> None:
    """Run jobs side by side until all have ended or one passes a limit; fills in their facts and outcomes; blocks.

    Raises:
        SandboxError: Untrusted programs cannot be run here.
    """
    how = walls()
    began = time.monotonic()
    running: list[_Running] = []
    with tempfile.TemporaryDirectory(prefix="branchwise-", ignore_cleanup_errors=True) as folder:
        try:
            for job in jobs:
                running += [
                    _start(job, limits, how, folder)
                ]  # one by one, so that a failed start ends those started before
            _listen(running, limits, watched=how)
        finally:
            for one in running:
                _end(one)
    for one in running:
        one.job.facts = [
            said for line in bytes(one.reported).splitlines() if (said := _said(line, one.token))
        ]
        one.job.outcome = _outcome(one, time.monotonic() - began, how)


def _start(job: Job, limits: Limits, how: Walls, folder: str) -> _Running:
    token = secrets.token_hex(16)
    order = {**job.order, "token": token, "limits": asdict(limits), "walls": how.built}
    reading, writing = os.pipe()
    seccomp = filter_pipe()
    try:
        child = subprocess.Popen(  # noqa: S603  the command is ours; what is untrusted goes in as text
            how.command(limits.disk, seccomp, [str(writing)]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(writing, seccomp, *job.fds),
            start_new_session=True,
            env={}
            if how.built
            else {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder, "TMPDIR": folder},
            cwd="/" if how.built else folder,
        )
    except OSError as error:
        os.close(reading)
        raise SandboxError(f"The sandbox cannot be started: {error.strerror}; nothing was run.") from error
    finally:
        for fd in (writing, seccomp, *job.fds):
            os.close(fd)
    if child.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(json.dumps(order).encode())
            child.stdin.close()
    return _Running(job=job, child=child, report=reading, token=token)


def _listen(running: Sequence[_Running], limits: Limits, *, watched: Walls) -> None:
    """Collect output and reports of the children; stop at a limit or when the last job has ended."""
    deadline, begun = time.monotonic() + _STARTING, False
    with selectors.DefaultSelector() as selector:
        for one in running:
            _register(selector, one)
        last = running[-1].report
        while last in {key.fd for key in selector.get_map().values()}:
            if (left := deadline - time.monotonic()) <= 0:
                for one in running:
                    one.stopped = one.stopped or "time"
                return
            for key, _ in selector.select(min(left, _TICK)):
                if not _collect(key, limits.output):
                    selector.unregister(key.fd)
            if not begun and all(one.reported for one in running):
                deadline, begun = time.monotonic() + limits.seconds + _SLACK, True
            for one in running:
                one.stopped = one.stopped or over(one.child.pid, limits, walled=watched.built)
            if any(one.stopped for one in running):
                return


def _register(selector: selectors.BaseSelector, one: _Running) -> None:
    if one.child.stdout is not None:
        selector.register(one.child.stdout.fileno(), selectors.EVENT_READ, (one, one.printed))
    selector.register(one.report, selectors.EVENT_READ, (one, one.reported))


def _collect(key: selectors.SelectorKey, most: int) -> bool:
    """Read what a child wrote; False if it has closed its end."""
    one, into = key.data
    part = os.read(key.fd, 65536)
    into.extend(part)
    if len(into) > most:
        del into[most:]
        one.stopped = "output"
    return bool(part)


def _handles(root: int) -> Iterator[int]:
    """A file descriptor of the process and of each of its first descendants; it can be read once that one has ended.

    The first process of a namespace is among them, and it ends last.
    """
    if sys.platform == "linux":
        for process in islice(below(root), _WATCHED):
            with contextlib.suppress(OSError):  # it has ended, or there are too many
                yield os.pidfd_open(process)


def _end(one: _Running) -> None:
    """Kill a child and its descendants; returns when they have ended and no process holds its pipe."""
    handles = list(_handles(one.child.pid))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(one.child.pid, signal.SIGKILL)
    one.child.wait()
    deadline = time.monotonic() + 2.0
    with selectors.DefaultSelector() as selector:
        selector.register(one.report, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(left) and not os.read(one.report, 65536):
                break
    # A child that is killed does not wait for the processes of its namespace.
    for handle in handles:
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            selector.select(max(0.0, deadline - time.monotonic()))
        os.close(handle)
    os.close(one.report)
    for pipe in (one.child.stdin, one.child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _outcome(one: _Running, seconds: float, how: Walls) -> ProgramOutcome:
    end: End = one.stopped or "died"
    error = _ENDED[end]
    for said in one.job.facts:
        if "error" in said and "case" not in said and one.stopped is None:
            error = str(said["error"])
            end = "raised" if error else "finished"
    output = one.printed.decode(errors="replace")
    return ProgramOutcome(end=end, error=error, output=output, seconds=seconds, walls=how.names)


def _said(line: bytes, token: str) -> dict[str, Any] | None:
    """Parse a line of the report; None without the token, because the runner did not write it."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.pop("token", None) != token:
        return None
    return said
