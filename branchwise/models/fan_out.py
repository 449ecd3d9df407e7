"""Get n samples from a server, in one request or in n requests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from branchwise.models.failures import Refused
from branchwise.models.protocol import Reply, Sample, SampleRequest
from branchwise.store.errors import ModelError
from branchwise.store.records import Usage


class Several:
    """Requests n samples at once, and one by one after a server has refused or ignored so many."""

    def __init__(self, once: Callable[[SampleRequest], Awaitable[Reply]], many: bool | None = None) -> None:
        """Begin without knowledge of the server.

        Args:
            once: Sends one request.
            many: False for a server that is known not to support n > 1.
        """
        self._limit = 2.0 if many is False else math.inf
        """The smallest n that the server has refused or ignored. What a call costs does not depend on it, so that
        calls in flight together cost the same in any order."""
        self._once = once

    @property
    def many(self) -> bool:
        """Whether the server is not known to refuse or ignore any n > 1."""
        return self._limit == math.inf

    async def __call__(self, request: SampleRequest) -> Reply:
        """Answer with exactly `request.n` samples.

        Raises:
            ModelError: The server could not answer, or sent another number of samples.
        """
        if request.n == 1:
            return await self._one(request)
        if request.n >= self._limit:
            return await fan_out(request, self._one)
        try:
            reply = await self._once(request)
        except Refused as refusal:
            if refusal.status not in {400, 404, 422}:
                raise
            # Either n or the request itself is refused: a request for one sample decides.
            reply = await self._one(replace(request, n=1))
        have = len(reply.samples)
        if not have:
            raise _empty(reply)
        if have == 1:
            self._limit = min(self._limit, request.n)
        if have >= request.n:
            return reply if have == request.n else _noted(reply, request.n)
        rest = await fan_out(request, self._one, start=have)
        note = (
            f"The server sent {_counted(have)} instead of {request.n}; the others were asked for one by one."
        )
        return Reply(
            samples=reply.samples + rest.samples,
            usage=reply.usage + rest.usage,
            notes=tuple(dict.fromkeys((*reply.notes, *rest.notes, note))),
        )

    async def _one(self, request: SampleRequest) -> Reply:
        reply = await self._once(request)
        if not reply.samples:
            raise _empty(reply)
        return reply if len(reply.samples) == 1 else _noted(reply, 1)


async def fan_out(
    request: SampleRequest, once: Callable[[SampleRequest], Awaitable[Reply]], *, start: int = 0
) -> Reply:
    """Request samples `start` to `request.n` concurrently, one per request, each with its own seed.

    Args:
        request: The request.
        once: Answers a request with n = 1.
        start: The number of the first sample.

    Raises:
        ModelError: All samples failed. A single failure becomes a failed sample.
    """

    async def one(i: int) -> Reply | ModelError:
        seed = None if request.seed is None else request.seed + i
        try:
            return await once(replace(request, n=1, seed=seed))
        except ModelError as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(i)) for i in range(start, request.n)]
    results = [task.result() for task in tasks]
    errors = [result for result in results if isinstance(result, ModelError)]
    samples: list[Sample] = []
    notes: dict[str, None] = {}
    usage = Usage()
    for result in results:
        if isinstance(result, ModelError):
            samples.append(Sample(text="", tokens=0, finish="error", error=str(result)))
            usage += result.charged or Usage(calls=1)
        else:
            samples += result.samples
            usage += result.usage
            notes |= dict.fromkeys(result.notes)
    if len(errors) == len(results) and errors:
        errors[0].charged = usage
        raise errors[0]
    return Reply(samples=tuple(samples), usage=usage, notes=tuple(notes))


def _noted(reply: Reply, wanted: int) -> Reply:
    """Drop surplus samples and note it in the reply."""
    note = f"The server sent {_counted(len(reply.samples))} instead of {wanted}."
    return replace(reply, samples=reply.samples[:wanted], notes=(*reply.notes, note))


def _counted(samples: int) -> str:
    return f"{samples} sample{'s' if samples != 1 else ''}"


def _empty(reply: Reply) -> ModelError:
    return ModelError("The reply cannot be read: it holds no sample.", charged=reply.usage)
