"""A site in Chromium, driven by Playwright: one browser, one isolated context for each branch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    Error,
    Playwright,
    async_playwright,
)

from branchwise.environments.browser.access import Access
from branchwise.environments.browser.certificates import key_flags
from branchwise.environments.browser.chromium import chromium, flags
from branchwise.environments.browser.identity import Identities, pattern
from branchwise.environments.browser.learning import learn
from branchwise.environments.browser.memory import BrowserSnapshot
from branchwise.environments.browser.network import Border, Guard, border, origin
from branchwise.environments.browser.reader.engine import register
from branchwise.environments.browser.recall import Recall
from branchwise.environments.browser.screenshot import Screenshot
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.browser.setting import Setting
from branchwise.environments.browser.settle import Traffic
from branchwise.environments.browser.windows import Windows
from branchwise.environments.protocol import Abilities, Snapshot
from branchwise.renamed import new_names
from branchwise.store.errors import EnvironmentFailed

_PATIENCE = 5.0
"""Seconds that an element may take at least: on a busy machine a shorter time fails where nothing is wrong."""


class Site(Protocol):
    """A site that can copy its own server state, so that writes of a branch stay in that branch."""

    async def fork(self, world: str | None) -> str:
        """Copy a world, or make a fresh one from None, and return its name."""
        ...

    async def drop(self, world: str) -> None:
        """Delete a world."""
        ...

    def headers(self, world: str) -> Mapping[str, str]:
        """HTTP headers that lead a session into a world."""
        ...


@new_names(quiet="idle_seconds", patience="timeout")
@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """How the browser is started and how it looks."""

    executable_path: Path | None = None
    """The browser's file; found by itself when None."""
    width: int = 1280
    height: int = 1024
    screenshot: Screenshot = "none"
    """Whether pages carry a picture; with "marks" elements are numbered in it and in the text."""
    idle_seconds: float = 0.04
    """Seconds without a request after which a page counts as idle."""
    timeout: float = 5.0
    """Seconds after which a page is taken as it is; longer than five, also those an element may take to be clicked."""
    parallel: int = 3
    """Branches open at once; one needs about 40 MB."""
    learn: bool = True
    """Whether pages are loaded twice to learn what changes by itself: the start page, and others once they differ."""


@dataclass(kw_only=True, slots=True)
class Chrome:
    """Opens sessions; see `browser`."""

    setting: Setting
    border: Border
    site: Site | None
    window: Window
    access: Access
    abilities: Abilities
    name: str
    guarded: bool = True
    """Whether requests are judged one by one. Without, the border alone holds: enough where nothing can be written."""
    playwright: Playwright | None = None
    chrome: Browser | None = None
    sessions: set[BrowserSession] = field(default_factory=set)
    worlds: set[str] = field(default_factory=set)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)
    identities: Identities = field(default_factory=Identities)

    async def reset(self, *, seed: int = 0) -> BrowserSession:
        """Open the start page in a fresh context and, where the site forks, a fresh world."""
        world = await self._fork(None)
        session = await self._open(world, storage=None)
        await session.visit(self.setting.url)
        await self._learn_start(session)
        return session

    async def restore(self, snapshot: Snapshot) -> BrowserSession:
        """Open a snapshot's page with its storage, fields and a fork of its world."""
        kept = cast("BrowserSnapshot", snapshot.data)
        world = await self._fork(kept["world"])
        session = await self._open(world, storage=kept["storage"])
        await session.refill(kept)
        return session

    async def _learn_start(self, session: BrowserSession) -> None:
        if not self.window.learn:
            return
        async with self.learning:
            url = session.page.url
            if not self.identities.of(pattern(url)).loads[url]:
                # A start page that cannot be loaded a second time counts as steady.
                with contextlib.suppress(Error, EnvironmentFailed):
                    await session.recall.count(session.page)
                    await learn(self.identities, url, session, lambda: self._loaded(None, None))

    async def _learn(self, session: BrowserSession) -> bool:
        if not self.window.learn:
            return False
        try:
            kept = await session.recall.keep(session.page)
            if not await session.recall.loaded_by_get(session.page):
                return False
            async with self.learning:
                world = session.world
                return await learn(self.identities, kept["url"], None, lambda: self._loaded(kept, world))
        except (Error, EnvironmentFailed):
            # What cannot be loaded again cannot be learnt from; the page counts as steady.
            return False

    @asynccontextmanager
    async def _loaded(self, kept: BrowserSnapshot | None, world: str | None) -> AsyncIterator[BrowserSession]:
        session = await self._open(await self._fork(world), storage=kept and kept["storage"])
        try:
            if kept is None:
                await session.visit(self.setting.url)
            else:
                await session.recall.load(session.page, kept, session.wait_until_idle)
            await session.recall.count(session.page)
            yield session
        finally:
            await session.aclose()

    async def aclose(self) -> None:
        """Close sessions, worlds and the browser."""
        for session in list(self.sessions):
            await session.aclose()
        for world in list(self.worlds):
            await self._drop(world)
        if self.chrome is not None:
            await self.chrome.close()
        if self.playwright is not None:
            await self.playwright.stop()
        self.chrome = self.playwright = None

    async def _fork(self, world: str | None) -> str | None:
        if self.site is None:
            return None
        made = await self.site.fork(world)
        self.worlds.add(made)
        return made

    async def _drop(self, world: str) -> None:
        self.worlds.discard(world)
        if self.site is not None:
            await self.site.drop(world)

    async def _open(self, world: str | None, storage: object) -> BrowserSession:
        chrome = await self._started()
        headers = dict(self.site.headers(world)) if self.site is not None and world is not None else None
        try:
            context = await chrome.new_context(
                accept_downloads=False,
                extra_http_headers=headers,
                reduced_motion="reduce",
                service_workers="block",
                http_credentials=self.access.credentials(self.setting.origin),
                storage_state=cast("str | None", storage),
                viewport={"width": self.window.width, "height": self.window.height},
            )
            return await self._furnish(context, world)
        except Error as error:
            raise EnvironmentFailed(f"The browser opened no page: {error.message}") from error

    async def _furnish(self, context: BrowserContext, world: str | None) -> BrowserSession:
        context.set_default_timeout(max(_PATIENCE, self.window.timeout) * 1000)
        guard = Guard(border=self.border, post_reads=self.access.post_reads, open=self.site is not None)
        if self.guarded:
            await context.route("**/*", guard.route)
            await context.route_web_socket("**/*", guard.socket)
        windows = Windows(context=context, front=await context.new_page())
        windows.listen()
        session = BrowserSession(
            setting=self.setting,
            context=context,
            windows=windows,
            guard=guard,
            traffic=Traffic.of(context),
            world=world,
            fork=self._fork,
            closed=self._left,
            recall=Recall(identities=self.identities),
            learn=self._learn,
        )
        self.sessions.add(session)
        return session

    async def _keys(self) -> list[str]:
        if self.access.authority is None:
            return []
        return await asyncio.to_thread(key_flags, self.border.addresses, self.access.authority)

    async def _left(self, session: BrowserSession) -> None:
        self.sessions.discard(session)
        if session.world is not None:
            await self._drop(session.world)

    async def _started(self) -> Browser:
        async with self.starting:
            if self.chrome is not None and not self.chrome.is_connected():
                raise EnvironmentFailed("The browser has died.")
            if self.chrome is None:
                executable = chromium(self.window.executable_path)
                known = await self._keys()
                self.playwright = await async_playwright().start()
                await register(self.playwright)
                try:
                    self.chrome = await self.playwright.chromium.launch(
                        executable_path=executable, args=[*flags(), *self.border.flags, *known]
                    )
                except Error as error:
                    await self.playwright.stop()
                    self.playwright = None
                    raise EnvironmentFailed(f"`{executable}` does not start: {error.message}") from error
            return self.chrome


def browser(
    url: str,
    *,
    hosts: Sequence[str] = (),
    phrases: Sequence[str] = (),
    secrets: Mapping[str, str] | None = None,
    site: Site | None = None,
    window: Window | None = None,
    access: Access | None = None,
) -> Chrome:
    """Open a site to search in; the browser starts with the first session.

    Only the start page's own host and port can be reached, and `hosts`. Without `site`, writes are held at a
    barrier unless they are allowed; with it every session has a world of its own and writes are free.

    Args:
        url: The start page.
        hosts: More sites that may be reached, `host` or `host:port`; they cannot be private addresses.
        phrases: Texts that `actions` proposes to fill in.
        secrets: Values for `{secret:name}` in what is filled in, on the start page's origin only. They are
            never shown, stored or sent to a model.
        site: The site's door to its own worlds, where it has one.
        window: How the browser is started and looks.
        access: What the site asks of its visitors, and what may be done there.

    Raises:
        BadInput: The URL or one of the hosts cannot be used.
    """
    window, access = window or Window(), access or Access()
    admitted = border(url, hosts)
    access.check()
    parts = urlsplit(url)
    return Chrome(
        setting=Setting(
            url=url,
            origin=origin(url),
            phrases=tuple(phrases),
            secrets={**(secrets or {}), **access.hidden},
            screenshot=window.screenshot,
            idle_seconds=window.idle_seconds,
            timeout=window.timeout,
            rewinds=site is not None,
            files=dict(access.files),
        ),
        border=admitted,
        site=site,
        window=window,
        access=access,
        abilities=Abilities(parallel=window.parallel, snapshots=True, rewinds=site is not None),
        name=f"browser:{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}",
    )
