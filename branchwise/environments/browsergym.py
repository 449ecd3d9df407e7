"""Tasks of BrowserGym benchmarks in this package's own browser; BrowserGym's environment and its chat are not used."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Abilities, Action, Observation, Outcome, Snapshot
from branchwise.environments.sync_proxy import SyncProxy
from branchwise.store.errors import EnvironmentFailed, UnknownName

_QUOTED = re.compile(r'"([^"]+)"')
_INSTALL = (
    "pip install --no-deps browsergym-core and the benchmark's package (it pins an old Playwright), "
    "then pip install gymnasium numpy pillow beautifulsoup4 lxml pyparsing"
)
_SITES: Mapping[str, Sequence[str]] = {
    "webarena": [
        f"WA_{site}"
        for site in ["SHOPPING", "SHOPPING_ADMIN", "REDDIT", "GITLAB", "WIKIPEDIA", "MAP", "HOMEPAGE"]
    ],
    "visualwebarena": [
        f"VWA_{site}" for site in ["CLASSIFIEDS", "SHOPPING", "REDDIT", "WIKIPEDIA", "HOMEPAGE"]
    ],
    "workarena": ["SNOW_INSTANCE_URL", "SNOW_INSTANCE_UNAME", "SNOW_INSTANCE_PWD"],
}
"""Environment variables in which benchmarks look for their sites."""


@dataclass(kw_only=True, slots=True)
class _Episode:
    """One task in its own context; its `setup` and `validate` run in a thread and see a synchronous page."""

    session: BrowserSession
    task: Any
    page: Any = None
    goal: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)
    reward: float = 0.0
    ended: bool = False

    async def begin(self) -> None:
        self.page = SyncProxy(self.session.page, asyncio.get_running_loop())
        # What the task itself sets up, such as a login, is no action of the agent's.
        self.session.guard.open = True
        try:
            goal, _ = await self._asked(self.task.setup, self.page)
        finally:
            self.session.guard.open = self.session.setting.rewinds
        self.goal = " ".join(_text(goal).split())
        self.messages = [{"role": "user", "message": self.goal}]
        phrases = tuple(dict.fromkeys(_QUOTED.findall(self.goal)))
        self.session.setting = replace(self.session.setting, phrases=phrases)

    async def observe(self) -> Observation:
        """Read the page; the reward is that of the last action."""
        return self._rewarded(await self.session.observe())

    async def actions(self) -> Sequence[Action]:
        """List what can be done."""
        return await self.session.actions()

    async def read(self, line: str) -> Action:
        """Read a line against the page."""
        return await self.session.read(line)

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Do one action and let the task judge it."""
        outcome = await self.session.act(action, allow=allow)
        if outcome.observation.answer is not None:
            self.messages.append({"role": "assistant", "message": outcome.observation.answer})
        reward, done, _, _ = await self._asked(self.task.validate, self.page, self.messages)
        self.reward = min(1.0, max(0.0, float(reward)))
        self.ended = bool(done) or outcome.observation.ended
        return replace(outcome, observation=self._rewarded(outcome.observation))

    async def snapshot(self) -> Snapshot | None:
        """Return None: the task's own memory cannot be saved."""
        return None

    async def aclose(self) -> None:
        """Tear the task down and close the context."""
        if not self.session.gone:
            try:
                await asyncio.to_thread(self.task.teardown)
            finally:
                await self.session.aclose()

    async def _asked(self, method: Any, *arguments: object) -> Any:
        try:
            return await asyncio.to_thread(method, *arguments)
        except Exception as error:
            # A benchmark's own code may fail in any way; the branch is dropped then, not the search.
            raise EnvironmentFailed(f"The task failed: {type(error).__name__}: {error}") from error

    def _rewarded(self, seen: Observation) -> Observation:
        mark = f"{seen.fingerprint}/{'ended' if self.ended else 'open'}/{self.reward:g}"
        return replace(seen, ended=self.ended, reward=self.reward, fingerprint=mark, goal=self.goal)


@dataclass(kw_only=True, slots=True)
class _BrowserGym:
    """Opens episodes; see `browsergym`."""

    make: Callable[..., Any]
    arguments: Mapping[str, Any]
    chrome: Chrome
    name: str
    abilities: Abilities

    async def reset(self, *, seed: int = 0) -> _Episode:
        """Open the site and set the task of `seed` up."""
        try:
            task = self.make(seed=seed, **self.arguments)
        except Exception as error:
            # A benchmark's own code may fail in any way.
            raise EnvironmentFailed(f"The task cannot be made: {type(error).__name__}: {error}") from error
        episode = _Episode(session=await self.chrome.reset(seed=seed), task=task)
        episode.session.setting = replace(episode.session.setting, rewinds=self.abilities.rewinds)
        try:
            await episode.begin()
        except EnvironmentFailed:
            await episode.session.aclose()
            raise
        return episode

    async def restore(self, snapshot: Snapshot) -> _Episode:
        """Refuse: there are no snapshots."""
        raise EnvironmentFailed("BrowserGym tasks have no snapshots; replay instead.")

    async def aclose(self) -> None:
        """Close the browser."""
        await self.chrome.aclose()


def browsergym(
    task: str,
    *,
    url: str,
    hosts: Sequence[str] = (),
    arguments: Mapping[str, Any] | None = None,
    rewinds: bool = False,
    window: Window | None = None,
) -> _BrowserGym:
    """Run a task of a BrowserGym benchmark (arXiv 2412.05467); an episode is a seed, the reward is the task's own.

    A task sees Playwright's synchronous page, made of this package's asynchronous one. A task that enters one of
    Playwright's context managers (`with page.expect_...`) cannot run here.

    Args:
        task: The task's registered id, for example "miniwob.click-button" or "webarena.7"; its first part names the
            package.
        url: Where the benchmark's site is; only its host and port can be reached. Passed on as `base_url` or
            `start_url` to a task that takes one.
        hosts: More sites that may be reached, `host` or `host:port`, for benchmarks of several sites.
        arguments: More arguments for the task's class.
        rewinds: Whether nothing that is done outlives its session, as in MiniWoB++; else writes are held back.
        window: How the browser is started.

    Raises:
        EnvironmentFailed: BrowserGym or the benchmark is not installed, or its sites are not configured.
        UnknownName: There is no such task.
        BadInput: The URL cannot be used.
    """
    task = task.removeprefix("browsergym/")
    make, kind = _registered(task)
    _check_sites(task.partition(".")[0])
    given = dict(arguments or {})
    for name in ("base_url", "start_url"):
        if name in inspect.signature(kind).parameters:
            given.setdefault(name, url)
    abilities = Abilities(parallel=(window or Window()).parallel, rewinds=rewinds)
    chrome = browser(url, hosts=hosts, window=replace(window or Window(), learn=False))
    return _BrowserGym(
        make=make, arguments=given, chrome=chrome, name=f"browsergym:{task}", abilities=abilities
    )


def _registered(task: str) -> tuple[Callable[..., Any], type]:
    """What makes a task, its registered arguments included, and its class; from Gymnasium's registry."""
    package = f"browsergym.{task.partition('.')[0]}"
    try:
        import_module("browsergym.core")
        registry: Mapping[str, Any] = import_module("gymnasium").registry
        if f"browsergym/{task}" not in registry:
            import_module(package)
    except ImportError as error:
        raise EnvironmentFailed(
            f"The benchmark of `{task}` is not installed ({error}): {_INSTALL}."
        ) from error
    except Exception as error:
        # A benchmark's own code may fail in any way; WorkArena asks its instance when it is imported.
        raise EnvironmentFailed(
            f"The benchmark of `{task}` does not load: {type(error).__name__}: {error}"
        ) from error
    known = registry.get(f"browsergym/{task}")
    if known is None:
        names = [one.removeprefix("browsergym/") for one in registry if one.startswith("browsergym/")]
        raise UnknownName("BrowserGym task", task, names)
    # `register_task` hands the task on to its environment in this closure only.
    make = inspect.getclosurevars(known.entry_point).nonlocals.get("task_entrypoint")
    kind = make
    while not isinstance(kind, type) and kind is not None:
        kind = getattr(kind, "func", None)
    if not callable(make) or kind is None:
        raise EnvironmentFailed(f"`{task}` is registered in a way that this version does not know.")
    return make, kind


def _check_sites(package: str) -> None:
    missing = [name for name in _SITES.get(package, ()) if not os.environ.get(name)]
    if missing:
        raise EnvironmentFailed(
            f"The sites of {package} are not configured: set {', '.join(missing)} as its own guide says, "
            "and name their hosts in `hosts`."
        )


def _text(goal: object) -> str:
    if isinstance(goal, str):
        return goal
    parts = goal if isinstance(goal, list | tuple) else []
    return " ".join(str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part)
