"""Use a session's tab again where its site keeps nothing in the browser; a fresh one costs three times the CPU."""

from __future__ import annotations

import asyncio

from playwright.async_api import Error

from branchwise.environments.browser.session import BrowserSession

_TRACES = """async () => Boolean(window.name || document.cookie || sessionStorage.length || localStorage.length
    || (await indexedDB.databases()).length)"""
_PATIENCE = 2.0
"""Seconds that a page may take to answer and to go; a page that hangs is not used again."""


async def emptied(session: BrowserSession) -> bool:
    """Leave the page for an empty one and forget all that was done; False where the site has left a trace.

    The cache of files stays, and the renderer's process. After this `session.visit` begins as in a fresh session.

    Args:
        session: A session whose site has no worlds; nobody uses it any more.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            return not await _left_traces(session) and await _emptied(session)
    except (Error, TimeoutError):
        return False


async def _left_traces(session: BrowserSession) -> bool:
    page, context = session.page, session.context
    if session.gone or len(context.pages) != 1 or not page.url.startswith(f"{session.setting.origin}/"):
        return True
    return bool(await context.cookies() or await page.evaluate(_TRACES))


async def _emptied(session: BrowserSession) -> bool:
    page = session.page
    # A pointer that stays hovers over what is loaded next.
    await page.mouse.move(-1, -1)
    await session.recall.forget(page)
    await page.goto("about:blank")
    await (await session.recall.document(page)).cdp.send("Page.resetNavigationHistory")
    session.guard.forget()
    session.traffic.open.clear()
    session.windows.notes, session.answer = [], None
    session.skipped = session.told = 0
    return True
