"""A small site whose pages a test writes, and a browser for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio
from aiohttp import web

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Outcome

Answer = Callable[[web.Request], web.StreamResponse]


@dataclass(kw_only=True)
class Site:
    """Pages by path: text, or what a request is answered with."""

    pages: dict[str, str | Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Requests as `METHOD /path body`."""
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = (await request.text())[:200]
        self.asked.append(f"{request.method} {request.path_qs} {body}".strip())
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="nothing here")
        if not isinstance(page, str):
            return page(request)
        text = f"<!doctype html><meta charset=utf-8>{page}"
        return web.Response(text=text, content_type="text/html")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield site
    await runner.cleanup()


@dataclass(kw_only=True)
class Opener:
    """Opens a page of the site in a new session."""

    site: Site
    chrome: Chrome

    async def __call__(self, page: str, **more: str | Answer) -> BrowserSession:
        self.site.pages = {"/": page, **{f"/{path}": text for path, text in more.items()}}
        self.site.asked.clear()
        return await self.chrome.reset()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome(site: Site, executable: Path) -> AsyncIterator[Chrome]:
    """One browser for all tests of a module: each opens sessions of its own."""
    chrome = browser(site.url, phrases=("lamp",), window=Window(executable_path=executable))
    yield chrome
    await chrome.aclose()


@pytest_asyncio.fixture(loop_scope="module")
async def opened(site: Site, chrome: Chrome) -> AsyncIterator[Opener]:
    yield Opener(site=site, chrome=chrome)
    for session in list(chrome.sessions):
        await session.aclose()


async def do(session: BrowserSession, *lines: str, allow: bool = False) -> Outcome:
    """Do actions and return the last one's outcome."""
    for line in lines:
        outcome = await session.act(await session.read(line), allow=allow)
    return outcome


async def lines(session: BrowserSession) -> Sequence[str]:
    """The actions that a page offers."""
    return [action.text for action in await session.actions()]
