"""A ledger's calls in flight: who asks for a key that is being worked on waits for what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field

from branchwise.store.errors import RequestChanged


@dataclass(slots=True)
class _Flight:
    request_hash: str
    others: list[asyncio.Future[str | None]] = field(default_factory=list)
    """Who else waits for it; None tells them that its task was cancelled."""


class Flights:
    """Calls by key, each made by the task that asked first: a call in flight never outlives its caller."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    async def join(self, key: str, request_hash: str) -> str | None:
        """Wait for the result of the call in flight; None when there is none, or its task was cancelled.

        Raises:
            RequestChanged: The call in flight has another request.
        """
        while (flight := self._flights.get(key)) is not None:
            if flight.request_hash != request_hash:
                raise RequestChanged(key)
            other: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
            flight.others.append(other)
            if (response := await other) is not None:
                return response
        return None

    async def lead(self, key: str, request_hash: str, doing: Coroutine[None, None, str]) -> str:
        """Make the call, and tell what came of it to those that have joined."""
        flight = self._flights[key] = _Flight(request_hash)
        response: str | None = None
        failure: Exception | None = None
        try:
            response = await doing
        except Exception as error:
            failure = error
            raise
        finally:
            del self._flights[key]
            for other in flight.others:
                if other.done():
                    continue
                if failure is not None:
                    other.set_exception(failure)
                else:
                    other.set_result(response)
        return response
