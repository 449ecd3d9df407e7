"""The sampler of a run: concurrency limit, budget and ledger around a model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from typing import Protocol, cast

from branchwise.models.budget import BudgetTracker
from branchwise.models.codec import read_reply, reply_json, request_json
from branchwise.models.deadline import in_time
from branchwise.models.estimate import at_most
from branchwise.models.prices import Price, check_price, price_of
from branchwise.models.protocol import (
    Capabilities,
    Limiting,
    Model,
    OutputFormat,
    Reply,
    Sample,
    SampleRequest,
)
from branchwise.models.require import require
from branchwise.models.reservation import Reservation
from branchwise.models.sizing import Need
from branchwise.store.errors import Damaged, ModelError
from branchwise.store.records import Json, Usage

_IGNORED = "the server ignored"
"""Prefix of the error of a sample that violates its output format."""
_ESTIMATE = "prompt_estimate"
"""Stored with a recorded reply: the estimated tokens of its prompt."""
_LARGEST = 10**9
"""An estimate beyond this is damaged."""


class Recorder(Protocol):
    """Execute once per key and store the result (see `Ledger`)."""

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
        """Whether calling `key` with `request` is free because it is recorded."""
        ...


def recorded(
    model: Model, record: Recorder, tracker: BudgetTracker, *, limit: int = 256, price: Price | None = None
) -> RecordedSampler:
    """Make the Sampler of one run.

    A call reserves its budget and waits for its slot before it enters the ledger, so that a worker that
    was paused in the queue detects that it lost the run before it sends anything. The ledger stores the request as
    made: if the budget allows less, the reply has fewer samples, or samples cut with `finish` "budget".

    Args:
        model: The model.
        record: The run's ledger.
        tracker: The run's budget.
        limit: Calls of this run in flight at once; ignored if the model has a `slot` of its own, which limits the
            calls of all runs (as `Pool.slot` does).
        price: The price; by default the model's own.

    Raises:
        BadInput: The budget has a limit in dollars, and the price is not known.
    """
    gate = asyncio.Semaphore(limit)
    price = price or price_of(model)
    for budget in tracker.budgets():
        check_price(budget, model, price)
    tracker.price = tracker.price or price
    slot = model.slot if isinstance(model, Limiting) else lambda: gate
    return RecordedSampler(model, record, tracker, slot, price)


class RecordedSampler:
    """The Sampler that `recorded` makes."""

    def __init__(
        self,
        model: Model,
        record: Recorder,
        tracker: BudgetTracker,
        slot: Callable[[], AbstractAsyncContextManager[None]],
        price: Price | None,
    ) -> None:
        self._model = model
        self._record = record
        self._tracker = tracker
        self._slot, self._price = slot, price

    @property
    def capabilities(self) -> Capabilities:
        """The model's capabilities."""
        return self._model.capabilities

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        """Answer `request`; see `Sampler`.

        Raises:
            BudgetSpent: Not even the smallest call of this kind fits.
            ModelError: The recorded reply is damaged.
        """
        require(self._model, request)
        asked = request_json(request)
        need = self._need(key, request)
        if self._record.recorded(key, asked):
            await self._tracker.admit(need, free=True)
            try:
                reply = read_reply(await self._call(key, asked, request, need, None))
            except Damaged as error:
                raise ModelError(f"The recorded reply of `{key}` cannot be used: {error}") from error
            if not reply.samples:
                raise ModelError(f"The recorded reply of `{key}` holds no samples.")
            reply = replace(reply, samples=reply.samples[: request.n])
        else:
            with await self._tracker.admit(need) as held:
                async with self._tracker.slot(), self._slot():
                    reply = read_reply(await self._call(key, asked, request, need, held))
        self._tracker.learn(need, reply)
        self._tracker.notes.update(reply.notes)
        return reply

    def relearn(self, answers: Iterable[tuple[str, Json]]) -> None:
        """Learn lengths of prompts and samples from an earlier attempt's recorded replies, by key."""
        with suppress(Damaged):  # the call itself says so when it is made
            for key, answer in answers:
                estimate = answer.get(_ESTIMATE) if isinstance(answer, Mapping) else None
                if type(estimate) is int and 0 < estimate < _LARGEST:
                    self._tracker.learn(Need(kind=_kind(key), prompt=estimate), read_reply(answer))

    async def _call(
        self, key: str, asked: Json, request: SampleRequest, need: Need, held: Reservation | None
    ) -> Json:
        async def send() -> tuple[Json, Usage]:
            if held is None:
                raise ModelError(f"The recorded reply of `{key}` is gone.")
            sent = _sent(request, held)
            try:
                reply = _exact(await in_time(self._model.sample(sent), self._tracker), sent.n)
            except Exception as error:
                known = (error.charged if isinstance(error, ModelError) else None) or Usage(calls=1)
                charged = self._priced(known, known.samples)  # as the ledger records it
                if isinstance(error, ModelError):
                    error.charged = charged
                held.pay(charged)
                raise
            usage = self._priced(reply.usage, len(reply.samples))
            held.pay(usage)
            noted = replace(reply, usage=usage, notes=_notes(reply, sent))
            marked = reply_json(_marked(noted, sent, request))
            return {**cast("Mapping[str, Json]", marked), _ESTIMATE: need.prompt}, usage

        return await self._record(key, asked, send, kind="model", model=self._model.name)

    def _priced(self, usage: Usage, samples: int) -> Usage:
        """The usage with its number of samples, and with its cost or marked as unpriced."""
        if usage.cost or not usage.tokens:
            return replace(usage, samples=samples)
        if self._price is None:
            return replace(usage, samples=samples, unpriced=max(1, usage.calls))
        return replace(usage, samples=samples, cost=self._price.of(usage), unpriced=0)

    def _need(self, key: str, request: SampleRequest) -> Need:
        return Need(
            kind=_kind(key),
            prompt=at_most(request),
            n=request.n,
            longest=longest(request.output_format),
            whole=bool(request.output_format.choices),
            apart=request.n > 1 and not self._model.capabilities.many,
            price=self._price,
        )


def _kind(key: str) -> str:
    return key.rpartition("/")[2]


def longest(output_format: OutputFormat) -> int:
    """Maximum completion tokens of one sample of this format; choices count two characters per token."""
    chosen = max((len(choice) for choice in output_format.choices), default=0) // 2 + 8
    return min(output_format.max_tokens, chosen) if output_format.choices else output_format.max_tokens


def _sent(request: SampleRequest, held: Reservation) -> SampleRequest:
    """The request reduced to its reservation."""
    n, most = held.size
    form = request.output_format
    if most >= longest(form):
        return request if n == request.n else replace(request, n=n)
    return replace(request, n=n, output_format=replace(form, max_tokens=most))


def _exact(reply: Reply, n: int) -> Reply:
    """The reply with exactly `n` samples; missing ones failed, so that only the budget makes them fewer.

    Raises:
        ModelError: There is no sample.
    """
    have = len(reply.samples)
    if have == n:
        return reply
    if not have:
        raise ModelError("The reply cannot be used: it holds no sample.", charged=reply.usage)
    missing = Sample(text="", tokens=0, finish="error", error="the model sent fewer samples than asked for")
    note = f"The model sent {have} sample{'s' if have != 1 else ''} instead of {n}."
    samples = (*reply.samples[:n], *[missing] * (n - have))
    return replace(reply, samples=samples, notes=(*reply.notes, note))


def _notes(reply: Reply, sent: SampleRequest) -> tuple[str, ...]:
    """The reply's notes, and those on samples that exceed the limit or violate the output format."""
    most, notes = sent.output_format.max_tokens, set(reply.notes)
    if not reply.usage.estimated and any(sample.tokens > most for sample in reply.samples):
        notes.add("The server wrote more tokens than `max_tokens` allows.")
    ignored = (one.error for one in reply.samples if one.error and one.error.startswith(_IGNORED))
    notes |= {f"{error[0].upper()}{error[1:]}." for error in ignored}
    return tuple(sorted(notes))


def _marked(reply: Reply, sent: SampleRequest, asked: SampleRequest) -> Reply:
    """Mark samples that were cut off by the budget, not by the task's limit."""
    if sent.output_format.max_tokens >= asked.output_format.max_tokens:
        return reply
    return replace(reply, samples=tuple(_cut(sample) for sample in reply.samples))


def _cut(sample: Sample) -> Sample:
    return replace(sample, finish="budget") if sample.finish == "length" else sample
