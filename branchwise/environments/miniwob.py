"""MiniWoB++: small web tasks whose pages and rewards come with the PyPI package `miniwob`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from aiohttp import web
from playwright.async_api import Error

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.network import Border
from branchwise.environments.browser.reuse import emptied
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Abilities, Action, Observation, Outcome, Snapshot
from branchwise.store.errors import EnvironmentFailed, UnknownName

_START = """async seed => {
    const style = document.createElement('style');
    style.textContent = '#reward-display, #sync-task-cover { display: none !important; }';
    document.head.append(style);
    Math.seedrandom(seed);
    core.EPISODE_MAX_TIME = 1e9;
    await core.startEpisodeReal();
    // The hidden countdown; a function that runs each second says nothing of what an action did.
    core.clearTimer();
}"""
_SEEN = """() => ({
    goal: (document.querySelector('#query') || document.body).innerText,
    done: Boolean(window.WOB_DONE_GLOBAL),
    reward: Number(window.WOB_RAW_REWARD_GLOBAL || 0),
})"""
_HOST = "miniwob.localhost"
_LOADING = 60_000
"""Milliseconds."""
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(kw_only=True, slots=True)
class _Episode:
    """One episode in its own context."""

    session: BrowserSession
    leave: Callable[[BrowserSession], Awaitable[None]]
    goal: str = ""
    over: bool = False

    async def begin(self, seed: int) -> None:
        page = self.session.page
        try:
            # However slow the machine is, an episode cannot begin before its scripts are there.
            await page.wait_for_load_state("load", timeout=_LOADING)
            await page.evaluate(_START, str(seed))
            # From here on: the functions of the start are not taken for such as run by themselves.
            await self.session.recall.count(page)
        except Error as error:
            await self.session.aclose()
            raise EnvironmentFailed(f"The task did not start: {error.message.splitlines()[0]}") from error
        self.goal = " ".join(str((await page.evaluate(_SEEN))["goal"]).split())
        # Nothing that a task writes outlives its page, so a button named "Submit" is as free as any other.
        self.session.setting = replace(
            self.session.setting, phrases=tuple(dict.fromkeys(_QUOTED.findall(self.goal))), rewinds=True
        )

    async def observe(self) -> Observation:
        """Read the page and the task's own reward."""
        return await self._with_reward(await self.session.observe())

    async def actions(self) -> Sequence[Action]:
        """List what can be done."""
        return await self.session.actions()

    async def read(self, line: str) -> Action:
        """Read a line against the page."""
        return await self.session.read(line)

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Do one action."""
        outcome = await self.session.act(action, allow=allow)
        return replace(outcome, observation=await self._with_reward(outcome.observation))

    async def snapshot(self) -> Snapshot | None:
        """Return None: the state is in the page's own memory."""
        return None

    async def aclose(self) -> None:
        """Give the context back; an episode is closed once, whoever uses its context next."""
        if not self.over:
            self.over = True
            await self.leave(self.session)

    async def _with_reward(self, seen: Observation) -> Observation:
        said = await self.session.page.evaluate(_SEEN)
        ended = seen.ended or bool(said["done"])
        # Some tasks give part of the reward for part of the work.
        reward = min(1.0, max(0.0, float(said["reward"]))) if said["done"] else 0.0
        mark = f"{seen.fingerprint}/{'ended' if ended else 'open'}/{reward:g}"
        return replace(seen, ended=ended, reward=reward, fingerprint=mark, goal=self.goal)


@dataclass(kw_only=True, slots=True)
class _MiniWob:
    """Opens episodes; see `miniwob`."""

    task: str
    folder: Path
    window: Window | None
    name: str
    abilities: Abilities
    runner: web.AppRunner | None = None
    chrome: Chrome | None = None
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    free: list[BrowserSession] = field(default_factory=list)
    """Sessions whose episodes are over."""

    async def reset(self, *, seed: int = 0) -> _Episode:
        """Open the task's page and begin the episode of `seed`."""
        chrome = await self._started()
        if self.free:
            session = self.free.pop()
            await session.visit(session.setting.url)
        else:
            session = await chrome.reset(seed=seed)
        episode = _Episode(session=session, leave=self._left)
        await episode.begin(seed)
        return episode

    async def restore(self, snapshot: Snapshot) -> _Episode:
        """Refuse: there are no snapshots."""
        raise EnvironmentFailed("MiniWoB++ has no snapshots; replay instead.")

    async def aclose(self) -> None:
        """Close the browser and the page server."""
        if self.chrome is not None:
            await self.chrome.aclose()
        if self.runner is not None:
            await self.runner.cleanup()
        self.chrome = self.runner = None
        self.free = []

    async def _left(self, session: BrowserSession) -> None:
        if len(self.free) < self.abilities.parallel and await emptied(session):
            self.free.append(session)
        else:
            await session.aclose()

    async def _started(self) -> Chrome:
        async with self.starting:
            if self.chrome is None:
                app = web.Application()
                app.router.add_static("/", self.folder)
                self.runner = web.AppRunner(app, access_log=None)
                await self.runner.setup()
                await web.TCPSite(self.runner, "127.0.0.1", 0).start()
                port = self.runner.addresses[0][1]
                # Episodes are seeded; a page that is only loaded shows none.
                window = replace(self.window or Window(), learn=False)
                self.chrome = _served(self.task, port, window)
            return self.chrome


def _served(task: str, port: int, window: Window) -> Chrome:
    """A browser on a task whose files are served at a port, under a name that is the same in every process."""
    chrome = browser(f"http://127.0.0.1:{port}/", window=window)
    chrome.border = Border(
        sites=frozenset({f"{_HOST}:80"}), addresses=((f"{_HOST}:80", f"127.0.0.1:{port}"),)
    )
    chrome.setting = replace(
        chrome.setting, url=f"http://{_HOST}/miniwob/{task}.html", origin=f"http://{_HOST}"
    )
    # Files are all that there is, and the border keeps pages from everything else.
    chrome.guarded = False
    return chrome


def miniwob(task: str, *, window: Window | None = None) -> _MiniWob:
    """Serve one MiniWoB++ task (arXiv 1802.08802); an episode is a seed, the reward is the task's own.

    Only the pages of the package are used: `pip install --no-deps miniwob` is enough.

    Args:
        task: Name of a page, for example "click-button".
        window: How the browser is started.

    Raises:
        EnvironmentFailed: The package is not installed.
        UnknownName: There is no such task.
    """
    known = names()
    if task not in known:
        raise UnknownName("MiniWoB++ task", task, known)
    abilities = Abilities(parallel=(window or Window()).parallel, rewinds=True)
    return _MiniWob(task=task, folder=_pages(), window=window, name=f"miniwob:{task}", abilities=abilities)


def names() -> list[str]:
    """The names of all tasks whose pages the package carries.

    Raises:
        EnvironmentFailed: The package is not installed.
    """
    return sorted(page.stem for page in (_pages() / "miniwob").glob("*.html"))


def _pages() -> Path:
    spec = find_spec("miniwob")
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentFailed("MiniWoB++ is not installed: pip install --no-deps miniwob.")
    return Path(spec.submodule_search_locations[0]) / "html"
