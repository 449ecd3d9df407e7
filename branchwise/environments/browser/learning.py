"""Learn what changes by itself on a page: load it twice, and look once more a little later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from branchwise.environments.browser.identity import Identities, State, pattern

_LATER = 0.4
"""Seconds until the second look."""
_MOST_LOADS = 3
"""How often an address is loaded to learn; a text among few may be the same twice by chance."""
_MOST_OF_PATTERN = 12


class Readable(Protocol):
    """A session whose state can be read."""

    async def state(self) -> State:
        """The state of the page in front."""
        ...


async def learn(
    identities: Identities,
    url: str,
    first: Readable | None,
    load: Callable[[], AbstractAsyncContextManager[Readable]],
) -> bool:
    """Compare two loads of the page at `url`, and the first of them once more later.

    Args:
        identities: Where it is noted.
        url: The page's address.
        first: A session in which the page was just loaded and nobody has acted; None loads it.
        load: Opens a session in which the page is loaded.

    Returns:
        Whether something was learnt.

    Raises:
        EnvironmentFailed: The page does not open.
    """
    at = pattern(url)
    changing = identities.of(at)
    if changing.loads[url] >= _MOST_LOADS or changing.loads.total() >= _MOST_OF_PATTERN:
        return False
    changing.loads[url] += 1
    before = len(changing.places) + len(changing.within) + len(changing.idle)
    async with _given(first) if first is not None else load() as one:
        began = time.monotonic()
        states = [await one.state()]
        async with load() as other:
            states.append(await other.state())
        await asyncio.sleep(max(0.0, _LATER - (time.monotonic() - began)))
        states.append(await one.state())
    for state in states[1:]:
        if state.pattern == at == states[0].pattern:
            changing.learn(states[0].places, state.places)
    return len(changing.places) + len(changing.within) + len(changing.idle) > before


@asynccontextmanager
async def _given(session: Readable) -> AsyncIterator[Readable]:
    yield session
