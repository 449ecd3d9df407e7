"""Which functions of a page's scripts ran, by V8's precise coverage: the trace of state that only a replay restores."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import CDPSession

_NAMED = 5
"""Functions that a reason names."""


@dataclass(kw_only=True, slots=True)
class ScriptRuns:
    """Precise coverage of one page; it is started once the page is quiet, since it slows scripts.

    V8 keeps what it counts, and with it the whole document, until counting stops. So it stops with each document, and
    starts after a collection of garbage: starting walks the heap. (Without, an action cost 270 ms of CPU at first and
    597 after 200 pages.) A start takes some 80 ms of CPU, so a document that nobody acts in has none.
    """

    cdp: CDPSession
    started: bool = False

    async def start(self) -> None:
        """Count calls from now on; nothing happens if they are counted already.

        Raises:
            Error: The page is gone.
        """
        if self.started:
            return
        await self.cdp.send("Profiler.enable")
        await self.cdp.send("HeapProfiler.collectGarbage")
        await self.cdp.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": False})
        self.started = True

    async def stop(self) -> None:
        """Count no more until the next start, and forget what was counted.

        Raises:
            Error: The page is gone.
        """
        if self.started:
            await self.cdp.send("Profiler.stopPreciseCoverage")
        self.started = False

    async def take(self) -> frozenset[str]:
        """The functions that ran since the last take, as `name path:offset`.

        Scripts without an address are Playwright's and ours. Code that a page compiles from text has none either
        and is not seen; the function that compiled it is.

        Raises:
            Error: The page is gone.
        """
        if not self.started:
            return frozenset()
        taken = await self.cdp.send("Profiler.takePreciseCoverage")
        return frozenset(
            f"{function['functionName'] or 'a function'} {_file(script['url'])}:{function['ranges'][0]['startOffset']}"
            for script in taken["result"]
            if script["url"]
            for function in script["functions"]
            if function["ranges"][0]["count"]
        )


def named(functions: frozenset[str]) -> str:
    """Some of the functions, for a reason."""
    shown = sorted(functions)[:_NAMED]
    more = len(functions) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _file(url: str) -> str:
    return urlsplit(url).path[-80:]
