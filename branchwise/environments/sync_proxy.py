"""A synchronous proxy of an asynchronous Playwright object, for code in another thread."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

_OURS = "playwright.async_api"


class SyncProxy:
    """Forwards every call to `inner` on `loop` and waits for the result.

    Playwright objects that come back wear a face too. What the caller sets stays on the face. Use it in another
    thread than the loop's only.
    """

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.__dict__["_inner"], self.__dict__["_loop"] = inner, loop

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._inner, name)
        if not callable(found) or _is_theirs(found):
            return self._worn(found)

        def call(*arguments: Any, **named: Any) -> Any:
            bare = [_bare(one) for one in arguments]
            return self._worn(self._waited(found, bare, {key: _bare(one) for key, one in named.items()}))

        return call

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SyncProxy) and self._inner is other._inner

    def __hash__(self) -> int:
        return id(self._inner)

    def _waited(self, method: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
        async def there() -> Any:
            found = method(*arguments, **named)
            return await found if inspect.isawaitable(found) else found

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result()

    def _worn(self, found: Any) -> Any:
        if isinstance(found, list):
            return [self._worn(one) for one in found]
        return SyncProxy(found, self._loop) if _is_theirs(found) else found


def _is_theirs(found: Any) -> bool:
    return type(found).__module__.startswith(_OURS)


def _bare(given: Any) -> Any:
    return given._inner if isinstance(given, SyncProxy) else given
