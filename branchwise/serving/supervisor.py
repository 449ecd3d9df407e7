"""Supervise a pool: start its engines, restart those that die, and stop them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from branchwise.models.pool import registry as state
from branchwise.models.pool.registry import EngineRecord, Phase, PoolState
from branchwise.serving.launch import Launch, on_cuda
from branchwise.serving.metrics import load
from branchwise.serving.process import Process
from branchwise.serving.profile import Profile
from branchwise.store.errors import ModelError

_STARTING_TICK, _READY_TICK = 0.5, 5.0
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_STEADY_SECONDS = 300.0
"""An engine that ran this long starts its backoff from the beginning."""


async def supervise(
    name: str,
    profile: Profile,
    planned: Sequence[Launch],
    watch: Callable[[PoolState], None] = lambda state: None,
) -> None:
    """Run a pool until SIGINT or SIGTERM; a second signal ends it at once.

    An engine that fails before it ever answered ends the pool: waiting would not mend it. One that dies later is
    started again, after waits that grow exponentially.

    Args:
        name: Under which it is written down, for `running(name)` and `branchwise pool`.
        profile: What was asked for; checked by `check`.
        planned: How each replica is started.
        watch: Told of every change.

    Raises:
        BadInput: A pool of that name runs.
        ModelError: An engine could not be started; holds the last lines of its log.
    """
    with state.holding(name):
        supervisor = _Supervisor(name, profile, planned, watch)
        with _signals(supervisor.ask_to_end):
            await supervisor.run()


class _Supervisor:
    def __init__(
        self, name: str, profile: Profile, planned: Sequence[Launch], watch: Callable[[PoolState], None]
    ) -> None:
        self._profile = profile
        self._planned = planned
        self._watch = watch
        self._logs = state.logs(name)
        self._asked = [asyncio.Event(), asyncio.Event()]
        replicas = tuple(
            EngineRecord(
                index=launch.index, url=launch.url, log=str(self._log(launch)), devices=launch.devices
            )
            for launch in planned
        )
        self._now = PoolState(
            name=name,
            model=profile.model,
            served=profile.served,
            pid=os.getpid(),
            started=time.time(),
            replicas=replicas,
            cuda=on_cuda(profile),
            dtype=profile.options.number_type,
        )

    def ask_to_end(self) -> None:
        """Stop after the requests in flight; if called twice, stop at once."""
        self._asked[self._asked[0].is_set()].set()

    async def run(self) -> None:
        for old in self._logs.glob("replica-*.log"):
            old.unlink()
        self._tell(self._now)
        async with aiohttp.ClientSession() as self._session:
            keepers = [asyncio.create_task(self._keep(launch)) for launch in self._planned]
            end = asyncio.create_task(self._asked[0].wait())
            try:
                done, _ = await asyncio.wait({*keepers, end}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # a keeper ends by failing only
                await self._drain()
            except ModelError as error:
                self._tell(replace(self._now, failed=str(error)))
                raise
            finally:
                for task in (end, *keepers):
                    task.cancel()
                await asyncio.gather(end, *keepers, return_exceptions=True)
        for launch in self._planned:
            self._note(launch, Phase.STOPPED)
        state.forget(self._now.name)

    async def _keep(self, launch: Launch) -> None:
        """Keep one replica running until the pool ends."""
        wait, ready_before = _FIRST_WAIT, False
        while True:
            process = await Process.start(launch, self._log(launch), self._profile.grace_seconds)
            began = time.monotonic()
            try:
                self._note(launch, Phase.STARTING, pid=process.pid)
                lost = await self._until_ready(process)
                if not lost:
                    ready_before = True
                    self._note(launch, Phase.READY)
                    lost = await self._until_lost(process)
            finally:
                with suppress(TimeoutError):
                    await asyncio.shield(process.stop())
            if not ready_before:
                words = process.last_words()
                raise ModelError(f"Replica {launch.index} {lost}. The end of {self._log(launch)}:\n{words}")
            wait = _FIRST_WAIT if time.monotonic() - began > _STEADY_SECONDS else wait
            restarts = self._now.replicas[launch.index].restarts + 1
            self._note(
                launch, Phase.WAITING, pid=None, restarts=restarts, note=f"{lost}; again in {wait:g} s"
            )
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT, wait * 2)

    async def _until_ready(self, process: Process) -> str:
        """Wait until the engine is healthy; return why it will not be, or an empty string."""
        ends = time.monotonic() + self._profile.ready_seconds
        while time.monotonic() < ends:
            if await self._ended(process, _STARTING_TICK):
                return f"{process.ended} before it answered"
            if await process.healthy(self._session):
                return ""
        return f"did not answer within {self._profile.ready_seconds:g} s"

    async def _until_lost(self, process: Process) -> str:
        """Watch a ready engine; return why it must be restarted."""
        well = time.monotonic()
        while time.monotonic() - well < self._profile.unhealthy_seconds:
            if await self._ended(process, _READY_TICK):
                return process.ended
            if await process.healthy(self._session):
                well = time.monotonic()
        return f"was unwell for {self._profile.unhealthy_seconds:g} s"

    async def _ended(self, process: Process, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
        return bool(process.ended)

    async def _drain(self) -> None:
        """Wait for the requests in flight, for at most the profile's drain time."""
        ready = [one for one in self._now.replicas if one.phase is Phase.READY]
        for one in ready:
            self._note(self._planned[one.index], Phase.DRAINING)
        ends = time.monotonic() + self._profile.drain_seconds
        while time.monotonic() < ends and not self._asked[1].is_set():
            loads = await asyncio.gather(*(load(one.url) for one in ready), return_exceptions=True)
            if not any(now.running + now.waiting for now in loads if not isinstance(now, BaseException)):
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked[1].wait(), _STARTING_TICK)

    def _log(self, launch: Launch) -> Path:
        return self._logs / f"replica-{launch.index}.log"

    def _note(self, launch: Launch, phase: Phase, *, note: str = "", **changes: Any) -> None:
        replicas = list(self._now.replicas)
        old = replicas[launch.index]
        replicas[launch.index] = replace(old, phase=phase, since=time.time(), note=note, **changes)
        self._tell(replace(self._now, replicas=tuple(replicas)))

    def _tell(self, now: PoolState) -> None:
        self._now = now
        state.write(now)
        self._watch(now)


@contextmanager
def _signals(act: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
