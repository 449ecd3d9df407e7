"""One engine's process, run under its guard."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import aiohttp

from branchwise.serving import guard
from branchwise.serving.launch import Launch

_TAIL = 8_192
_HEALTH_SECONDS = 10.0
_SPARE_SECONDS = 10.0
"""What the guard may take beyond the engine's grace."""


class Process:
    """An engine that runs, or ran."""

    def __init__(self, launch: Launch, log: Path, grace: float, inner: asyncio.subprocess.Process) -> None:
        self._launch = launch
        self._log = log
        self._grace = grace
        self._inner = inner
        self.pid = inner.pid
        """The guard's, which leads the group of the engine's processes."""

    @classmethod
    async def start(cls, launch: Launch, log: Path, grace: float) -> Self:
        """Start the engine; its output is appended to `log`."""
        sink = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            inner = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", guard.__file__, str(grace), *launch.command),
                stdin=asyncio.subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                env={**os.environ, **launch.environment},
            )
        finally:
            os.close(sink)
        return cls(launch, log, grace, inner)

    @property
    def ended(self) -> str:
        """Describe how the process ended; empty while it runs."""
        code = self._inner.returncode
        if code is None:
            return ""
        return f"ended with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"

    async def wait(self) -> None:
        """Wait until it ends."""
        await self._inner.wait()

    async def healthy(self, session: aiohttp.ClientSession) -> bool:
        """Whether the engine's health check succeeds."""
        try:
            timeout = aiohttp.ClientTimeout(total=_HEALTH_SECONDS)
            async with session.get(f"{self._launch.origin}/health", timeout=timeout) as reply:
                return reply.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def stop(self) -> None:
        """Stop the process and its children: SIGTERM, a grace period, then SIGKILL."""
        if self._inner.stdin is not None:
            self._inner.stdin.close()
        try:
            async with asyncio.timeout(self._grace + _SPARE_SECONDS):
                await self._inner.wait()
        finally:
            # A guard that was itself killed leaves its group behind.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def last_words(self, lines: int = 12) -> str:
        """The end of the log."""
        return tail(self._log, lines)


def tail(log: Path, lines: int) -> str:
    """The last `lines` lines of a log file; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL * max(1, lines // 40)))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""
