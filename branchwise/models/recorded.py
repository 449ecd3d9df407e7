"""A model as agents call it: within a limit, within the budget, and never twice for the same work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol

from branchwise.models.budget import BudgetTracker
from branchwise.models.codec import read_reply, reply_json, request_json
from branchwise.models.protocol import Capabilities, Model, OutputFormat, Reply, Sampler, SampleRequest
from branchwise.models.require import require
from branchwise.store.records import Json, Usage

_PICTURE = 1000
"""Tokens of one picture, about; a page of 1280 by 1024 is 765 of OpenAI's (85 and four tiles of 170)."""


class Record(Protocol):
    """Do something once per key and keep its result (`Ledger.call`)."""

    async def __call__(
        self,
        key: str,
        request: Json,
        effect: Callable[[], Awaitable[tuple[Json, Usage]]],
        *,
        kind: str = ...,
        model: str = ...,
    ) -> Json:
        """Return the recorded result of `key`, or run `effect` and commit its result first."""
        ...

    def recorded(self, key: str, request: Json) -> bool:
        """Whether calling `key` with `request` costs nothing."""
        ...


def recorded(model: Model, record: Record, tracker: BudgetTracker, *, limit: int = 256) -> Sampler:
    """Make the Sampler of one run.

    A call waits for its turn and for the budget before it enters the ledger, so that a worker that was paused in
    the queue finds out that it lost the run before it sends anything.

    Args:
        model: What answers.
        record: The run's ledger.
        tracker: The run's budget.
        limit: Calls of this run in flight at once, where the model has no `turn` of its own by which it limits the
            calls of all runs (as `Pool.turn` does).
    """
    gate = asyncio.Semaphore(limit)
    return _Recorded(model, record, tracker, getattr(model, "slot", lambda: gate))


class _Recorded:
    def __init__(
        self,
        model: Model,
        record: Record,
        tracker: BudgetTracker,
        slot: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        self._model, self._record, self._tracker, self._slot = model, record, tracker, slot

    @property
    def capabilities(self) -> Capabilities:
        return self._model.capabilities

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        require(self._model, request)
        asked = request_json(request)

        async def call(pay: Callable[[Usage], None]) -> Json:
            async def send() -> tuple[Json, Usage]:
                try:
                    reply = await self._model.sample(request)
                except Exception:
                    pay(Usage(calls=1))  # as the ledger notes it
                    raise
                usage = replace(reply.usage, samples=request.n)
                pay(usage)
                return reply_json(reply), usage

            return await self._record(key, asked, send, kind="model", model=self._model.name)

        if self._record.recorded(key, asked):
            return read_reply(await call(self._tracker.pay))
        async with self._tracker.slot(), self._slot():
            with self._tracker.reserve(*_expected(request)) as pay:
                return read_reply(await call(pay))


def longest(output_format: OutputFormat) -> int:
    """Completion tokens that one sample of this form takes at most; choices are short texts, two characters a token."""
    chosen = max((len(choice) for choice in output_format.choices), default=0) // 2 + 8
    return min(output_format.max_tokens, chosen) if output_format.choices else output_format.max_tokens


def _expected(request: SampleRequest) -> tuple[int, int]:
    # Four characters a token is the usual rule of thumb for English; the bill corrects it.
    prompt = (sum(len(m.content) for m in request.messages) + len(request.prefix)) // 4
    prompt += sum(_PICTURE * len(m.pictures) for m in request.messages)
    written = request.n * longest(request.output_format)
    return prompt + written, written
