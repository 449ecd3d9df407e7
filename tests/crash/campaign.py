"""Let seeded disasters happen to workers that share a queue, then see what is left."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from branchwise.store.store import Store
from tests.crash.judge import Outcome, judged
from tests.crash.points import POINTS, UNSTOPPABLE, Doom
from tests.crash.worker import Orders, answered, enqueue, problems, serve

_LOOK = 0.05
"""Seconds between looks at the workers, which need the processor more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """What is done to the workers."""

    url: str
    seed: int
    workers: int = 1
    runs: int = 3
    """Of a wave."""
    waves: int = 1
    """Queues that are filled, one after the other, as long as there are workers to kill or to stop."""
    kills: int = 6
    stops: int = 0
    """Workers that are stopped at a point for longer than their lease, and go on as strangers."""
    restart: Callable[[], None] | None = None
    """Restarts the database server."""
    restarts: int = 0
    ttl: float = 0.6
    patience: float = 120.0
    """Seconds after which a run that is not over counts as stuck."""


def crash_campaign(plan: Campaign) -> Outcome:
    """Run one campaign and judge it by the oracle, the rows and a run that nothing disturbed."""
    asked: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        oracle = Path(folder) / "oracle"
        oracle.touch()
        (worlds := Path(folder) / "worlds").mkdir()
        arena = _Arena(plan, oracle, worlds)
        for wave in range(plan.waves):
            queued = problems(plan.seed, plan.runs, first=wave * plan.runs)
            asked |= zip(asyncio.run(enqueue(queued, plan.url)), queued, strict=True)
            arena.fight()
            if not arena.dooms:
                break
        lines = oracle.read_text(encoding="ascii").splitlines()
    return asyncio.run(judged(plan.url, plan.seed, plan.workers, asked, lines, arena.restarts))


async def _answered(url: str) -> int:
    async with Store.opened(url) as store:
        return await answered(store)


class _Arena:
    def __init__(self, plan: Campaign, oracle: Path, worlds: Path) -> None:
        self._plan, self._oracle = plan, oracle
        self._worlds = worlds
        self._dice = random.Random(plan.seed)
        self._server = multiprocessing.get_context("forkserver")
        self._server.set_forkserver_preload(["tests.crash.worker"])
        dooms = [False] * plan.kills + [True] * plan.stops
        self._dice.shuffle(dooms)
        self.dooms = [self._doom(stop=stop) for stop in dooms]
        self.restarts = 0
        """How often the server was restarted."""
        self._read = 0
        self._asleep: dict[int, float] = {}

    def _doom(self, *, stop: bool) -> Doom:
        point = self._dice.choice([name for name in POINTS if not (stop and name in UNSTOPPABLE)])
        return Doom(point=point, passes=self._dice.randint(1, POINTS[point]), stop=stop)

    def fight(self) -> None:
        """Keep workers going, and answer what runs ask, until everything is over."""
        plan = self._plan
        end = time.monotonic() + plan.patience
        next_restart = time.monotonic() + self._dice.uniform(0.3, 1.5)
        crew = [self._spawn() for _ in range(plan.workers)]
        try:
            while time.monotonic() < end:
                if all(worker.exitcode == 0 for worker in crew):
                    if not asyncio.run(_answered(plan.url)):
                        break
                    crew = [self._spawn() for _ in range(plan.workers)]
                time.sleep(_LOOK)
                self._wake()
                crew = [self._replaced(worker) for worker in crew]
                if (
                    plan.restart is not None
                    and self.restarts < plan.restarts
                    and time.monotonic() > next_restart
                ):
                    self.restarts += 1
                    plan.restart()
                    next_restart = time.monotonic() + self._dice.uniform(0.5, 2.0)
        finally:
            for worker in crew:
                worker.kill()
                worker.join()

    def _spawn(self) -> ForkServerProcess:
        doom = self.dooms.pop() if self.dooms else None
        orders = Orders(
            url=self._plan.url,
            oracle=str(self._oracle),
            ttl=self._plan.ttl,
            doom=doom,
            worlds=str(self._worlds),
        )
        worker = self._server.Process(target=serve, args=(orders,))
        worker.start()
        return worker

    def _replaced(self, worker: ForkServerProcess) -> ForkServerProcess:
        if worker.exitcode in {None, 0}:
            return worker
        if worker.exitcode != -signal.SIGKILL:
            raise AssertionError(f"A worker ended with {worker.exitcode}.")
        return self._spawn()

    def _wake(self) -> None:
        text = self._oracle.read_bytes()[self._read :]
        text = text[: text.rfind(b"\n") + 1]  # the last line may be half there
        self._read += len(text)
        for line in text.decode().splitlines():
            act, pid, *_ = line.split(" ")
            if act == "stop":
                self._asleep[int(pid)] = time.monotonic() + self._plan.ttl * self._dice.uniform(1.2, 2.5)
        for sleeper, when in list(self._asleep.items()):
            if time.monotonic() > when:
                del self._asleep[sleeper]
                with suppress(ProcessLookupError):
                    os.kill(sleeper, signal.SIGCONT)
