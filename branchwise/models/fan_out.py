"""n samples from a server that gives one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from branchwise.models.protocol import Reply, Sample, SampleRequest
from branchwise.store.errors import ModelError
from branchwise.store.records import Usage


async def fan_out(
    request: SampleRequest, once: Callable[[SampleRequest], Awaitable[Reply]], *, start: int = 0
) -> Reply:
    """Ask for samples `start` to `request.n` one by one, all at once; each has its own seed.

    Args:
        request: What to ask for.
        once: Answers a request with n = 1.
        start: The number of the first sample to ask for.

    Raises:
        ModelError: No sample came. One that failed alone is a sample that says so.
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
    if len(errors) == len(results) and errors:
        raise errors[0]
    samples: list[Sample] = []
    usage = Usage()
    for result in results:
        if isinstance(result, ModelError):
            samples.append(Sample(text="", tokens=0, finish="error", error=str(result)))
        else:
            samples += result.samples
            usage += result.usage
    return Reply(samples=tuple(samples), usage=usage)
