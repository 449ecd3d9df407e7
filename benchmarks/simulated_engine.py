"""Engines in simulated time, with continuous batching and a prefix cache: placements compared without noise.

An engine works in steps, as vLLM's do: a step reads up to a chunk of the prompts that it has not cached and writes one
token of every sample that runs. A step takes `base` seconds, `a_sample` for each running sample and `a_token` for each
prompt token that is read. The clock of `simulated` jumps from one timer to the next, so that seconds cost none.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from branchwise.models.pool.affinity import BLOCK, CachedBlocks, chain, prompt
from branchwise.models.protocol import Capabilities, Reply, Sample, SampleRequest
from branchwise.store.records import Usage

T = TypeVar("T")
_CHARACTERS: Final = 4
"""Of a token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """What a step of an engine takes, in seconds."""

    name: str
    base: float
    a_sample: float
    a_token: float
    slots: int
    """Samples that run at once; others wait."""
    chunk: int = 2048
    """Prompt tokens that one step reads at most."""


@dataclass(slots=True, eq=False)
class _Work:
    """One sample."""

    unread: int
    left: int
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Engine:
    """One engine, with the interface that a pool's replica calls."""

    capabilities = Capabilities(prefix=True, seed=True, many=True)
    known = True
    name = "openai-compatible:simulated"

    def __init__(self, hardware: Hardware, seed: int) -> None:
        self._hardware = hardware
        self._cache = CachedBlocks(kept=1_000_000)
        self._dice = random.Random(seed)
        self._waiting: deque[_Work] = deque()
        self._running: list[_Work] = []
        self._loop: asyncio.Task[None] | None = None
        self.read = 0
        """Prompt tokens read."""
        self.calls = 0

    async def check(self) -> None:
        """It is always well."""

    async def aclose(self) -> None:
        """Nothing is open."""

    async def sample(self, request: SampleRequest) -> Reply:
        """Write samples of half to all of the tokens that the request allows."""
        self.calls += 1
        text = prompt(request)
        blocks = chain(text)
        unread = max(1, (len(text) - self._cache.depth(blocks) * BLOCK) // _CHARACTERS)
        self._cache.add(blocks)  # an engine shares the blocks of prompts that it is reading
        self.read += unread
        most = request.output_format.max_tokens
        lengths = [self._dice.randint(max(1, most // 2), most) for _ in range(request.n)]
        works = [_Work(unread=0 if i else unread, left=length) for i, length in enumerate(lengths)]
        self._waiting.extend(works)
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._work())
        await asyncio.gather(*(work.done for work in works))
        texts = [
            f" {self._dice.getrandbits(64):016x}" * (length * _CHARACTERS // 17 + 1) for length in lengths
        ]
        for written in texts:
            self._cache.add(chain(text + written, blocks)[len(blocks) :])
        samples = tuple(Sample(text=t, tokens=length) for t, length in zip(texts, lengths, strict=True))
        usage = Usage(calls=1, prompt_tokens=len(text) // _CHARACTERS, completion_tokens=sum(lengths))
        return Reply(samples=samples, usage=usage)

    async def _work(self) -> None:
        hardware = self._hardware
        while self._waiting or self._running:
            while self._waiting and len(self._running) < hardware.slots:
                self._running.append(self._waiting.popleft())
            room = hardware.chunk
            writing = [work for work in self._running if not work.unread]
            for work in self._running:
                part = min(room, work.unread)
                work.unread, room = work.unread - part, room - part
            read = hardware.chunk - room
            await asyncio.sleep(hardware.base + hardware.a_sample * len(writing) + hardware.a_token * read)
            for work in writing:
                work.left -= 1
                if not work.left and not work.done.done():
                    work.done.set_result(None)
            self._running = [work for work in self._running if work.left > 0]


class _Jumping(selectors.SelectSelector):
    """A selector that moves the clock on instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("The simulation waits for something that never happens.")
        if not ready and timeout:
            self.now += timeout
        return ready


def simulated(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Run `work` in simulated time; returns its result and the seconds that it would have taken."""
    selector = _Jumping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(work), selector.now
    finally:
        loop.close()
