"""Bounded queue in front of the engines."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar, Token

from branchwise.store.errors import ModelError

_THROUGH: ContextVar[Gate | None] = ContextVar("branchwise_through", default=None)
"""The gate that the current task has entered."""
_INSIDE = nullcontext()


class QueueFull(ModelError):
    """The pool's queue is full."""


class Gate:
    """Admits as many concurrent callers as there is room for, first come first served."""

    def __init__(self, room: Callable[[], int], longest: int) -> None:
        """Make a gate.

        Args:
            room: Returns the current capacity; called again on every change.
            longest: Maximum number of waiting callers.
        """
        self.inside = 0
        self._room, self._longest = room, longest
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """Number of waiting callers."""
        return len(self._waiting)

    def __call__(self) -> AbstractAsyncContextManager[None]:
        """Wait for room and hold it; a task already inside, or started from inside, passes at once.

        Raises:
            QueueFull: Too many wait already.
        """
        return _INSIDE if _THROUGH.get() is self else _Slot(self)

    def leave(self) -> None:
        """Release a place and admit the next caller."""
        self.inside -= 1
        self.wake()

    def wake(self) -> None:
        """Admit waiting callers up to the capacity."""
        free = self._room() - self.inside if self._waiting else 0
        while free > 0 and self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                self.inside, free = self.inside + 1, free - 1
                first.set_result(None)

    async def enter(self) -> None:
        """Wait for room and take it; `leave` gives it back."""
        if not self._waiting and self.inside < self._room():
            self.inside += 1
            return
        if len(self._waiting) >= self._longest:
            raise QueueFull(f"The pool's queue is full: {self._longest} calls wait already.")
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            elif place in self._waiting:
                self._waiting.remove(place)
            raise


class _Slot:
    """One pass through a gate; a class, because a generator costs twice as much per call."""

    __slots__ = ("_gate", "_mark")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._mark: Token[Gate | None]

    async def __aenter__(self) -> None:
        await self._gate.enter()
        self._mark = _THROUGH.set(self._gate)

    async def __aexit__(self, *_: object) -> None:
        _THROUGH.reset(self._mark)
        self._gate.leave()
