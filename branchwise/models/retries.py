"""Retry policy of all clients."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from branchwise.models.failures import Lost, Refused, passing

T = TypeVar("T")

_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 20.0


async def insist(once: Callable[[], Awaitable[T]], retries: int, ends: float | None) -> T:
    """Send a call until it is answered, with at most `retries` retries.

    Args:
        once: Sends the call.
        retries: Number of retries after 429, 5xx or a lost connection.
        ends: The deadline in the event loop's time; a wait beyond it is not started.

    Raises:
        Refused: The server refused, or asked to retry after the last attempt.
        Lost: It did not answer.
    """
    attempt = 0
    while True:
        try:
            return await once()
        except Refused as refusal:
            failure: Refused | Lost = refusal
            if not passing(refusal.status):
                raise
        except Lost as lost:
            failure = lost
            if lost.stale and attempt < max(1, retries):
                # Sent again at once, on a new connection; without retries too, since the server may be well.
                attempt, retries = attempt + 1, max(1, retries)
                continue
        wait = failure.wait if isinstance(failure, Refused) else None
        if wait is None:
            wait = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt))  # noqa: S311 - jitter
        attempt += 1
        if attempt > retries or (ends is not None and asyncio.get_running_loop().time() + wait >= ends):
            raise failure
        await asyncio.sleep(wait)
