"""Identical requests in flight are sent once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace

from branchwise.agents.protocols import Reply, Request
from branchwise.store.records import Usage


def shareable(request: Request) -> bool:
    """Whether two such requests must bring the same samples.

    Only greedy decoding and a seed make that so. Two requests at a temperature without a seed are two draws:
    giving both the same samples would be one draw counted twice.
    """
    return request.temperature == 0 or request.seed is not None


def identity(request: Request) -> Hashable:
    """What makes requests identical; a JSON schema is no hashable thing, its text is."""
    schema = request.shape.schema
    if schema is None:
        return request
    return replace(request, shape=replace(request.shape, schema=None)), json.dumps(schema, sort_keys=True)


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[Reply]
    waiting: int = 0


class Flights:
    """Requests in flight, by identity.

    The first who asks pays: the others get the same reply with nothing to pay. When all who wait have been
    cancelled, so is the request.
    """

    def __init__(self) -> None:
        self.shared = 0
        """Requests that were not sent because an identical one was in flight."""
        self._flights: dict[Hashable, _Flight] = {}

    async def __call__(self, request: Request, send: Callable[[Request], Awaitable[Reply]]) -> Reply:
        """Send `request`, or wait for an identical one."""
        if not shareable(request):
            return await send(request)
        key = identity(request)
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = _Flight(asyncio.ensure_future(_coroutine(send, request)))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda done: self._land(key, done))
        reply = await self._wait(key, flight)
        if not joined:
            return reply
        self.shared += 1
        return replace(reply, usage=Usage())

    async def _wait(self, key: Hashable, flight: _Flight) -> Reply:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                # Nobody may join what is being cancelled.
                self._flights.pop(key, None)
                flight.task.cancel()

    def _land(self, key: Hashable, done: asyncio.Task[Reply]) -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.task is done:
            del self._flights[key]
        if not done.cancelled():
            done.exception()  # a caller that was cancelled asks no more


async def _coroutine(send: Callable[[Request], Awaitable[Reply]], request: Request) -> Reply:
    return await send(request)
