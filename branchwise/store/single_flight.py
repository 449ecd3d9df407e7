"""Single flight: concurrent callers with the same key share one execution."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """Work in flight by key, run by the first caller's task, so it never outlives its caller. For one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[K, list[asyncio.Future[T | None]]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._waiting

    async def join(self, key: K) -> T | None:
        """Wait for the work in flight; None if its task was cancelled: the caller must start it again."""
        other: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        self._waiting[key].append(other)
        return await other

    async def lead(self, key: K, doing: Coroutine[Any, Any, T]) -> T:
        """Run the work (none of this key may be in flight) and share its outcome with those that have joined."""
        others = self._waiting[key] = []
        result: T | None = None
        failure: Exception | None = None
        try:
            result = await doing
        except Exception as error:
            failure = error
            raise
        finally:
            del self._waiting[key]
            for other in others:
                if other.done():
                    continue
                if failure is not None:
                    other.set_exception(failure)
                else:
                    other.set_result(result)
        return result
