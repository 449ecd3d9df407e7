"""One browser session: its context and page, observations and actions."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from playwright.async_api import BrowserContext, Error, Page

from branchwise.environments.browser.actions import ParsedAction, actions
from branchwise.environments.browser.choosing import choose_shown
from branchwise.environments.browser.elements import Form
from branchwise.environments.browser.listing import listed
from branchwise.environments.browser.masking import Masking
from branchwise.environments.browser.memory import BrowserSnapshot, keep, refill, seed_storage
from branchwise.environments.browser.network import Guard
from branchwise.environments.browser.observation import Page as Reading
from branchwise.environments.browser.observation import observation
from branchwise.environments.browser.perform import Hands
from branchwise.environments.browser.safety import safety
from branchwise.environments.browser.screenshot import Screenshot, screenshot
from branchwise.environments.browser.settle import Traffic, settle
from branchwise.environments.browser.windows import Windows
from branchwise.environments.protocol import Action, Effect, Observation, Outcome, Snapshot
from branchwise.store.errors import ActionRefused, BadAction, EnvironmentFailed
from branchwise.store.records import Json

_LOOKS = (0.1, 0.3, 0.6, 1.0, 1.0)
"""Seconds between looks while `wait` waits for a change."""
_SUGGESTED = 0.35
"""Seconds that a field may take to show suggestions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Settings and resources that all sessions of one browser share."""

    url: str
    origin: str
    phrases: tuple[str, ...]
    secrets: Mapping[str, str] = field(repr=False)
    screenshot: Screenshot
    idle_seconds: float
    timeout: float
    rewinds: bool
    files: Mapping[str, Path] = field(default_factory=dict)
    """Files that may be uploaded, by name."""


# Without slots: Playwright sets an attribute on whom a handler belongs to.
@dataclass(kw_only=True, eq=False)
class BrowserSession:
    """See `protocol.Session`."""

    setting: Setting
    context: BrowserContext
    windows: Windows
    guard: Guard
    traffic: Traffic
    world: str | None
    fork: Callable[[str | None], Awaitable[str | None]]
    closed: Callable[[BrowserSession], Awaitable[None]]
    answer: str | None = None
    gone: bool = False
    skipped: int = 0
    """Rows of the page that were read by scrolling where the page itself could scroll no further."""
    told: int = 0
    """How many of the guard's refusals were before the last action."""

    @property
    def page(self) -> Page:
        """The page in front."""
        return self.windows.front

    @property
    def masking(self) -> Masking:
        """The masking of the browser's secrets."""
        return Masking(secrets=self.setting.secrets)

    async def visit(self, url: str) -> None:
        """Open `url` and wait until the page has settled.

        Raises:
            EnvironmentFailed: The site does not answer.
        """
        try:
            await self.page.goto(url, wait_until="commit")
        except Error as error:
            await self.aclose()
            raise EnvironmentFailed(f"`{url}` does not open: {error.message.splitlines()[0]}") from error
        await self._settle()

    async def refill(self, kept: BrowserSnapshot) -> None:
        """Open a snapshot's page and restore its state.

        Raises:
            EnvironmentFailed: The page does not open.
        """
        await seed_storage(self.page, kept)
        await self.visit(kept["url"])
        await refill(self.page, kept)

    async def observe(self) -> Observation:
        """Read the page."""
        return await self._seen(await self._read())

    async def actions(self) -> Sequence[Action]:
        """List what can be done: clicks, choices, drags, scrolling, and the given phrases for every field."""
        reading = await self._read()
        steps = listed(reading, self.setting.phrases, self.setting.files)
        return [self._judged(step, reading) for step in steps]

    async def read(self, line: str) -> Action:
        """Read a line against the present page."""
        reading = await self._read()
        return self._judged(actions(line, reading.elements), reading)

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Do one action; writes pass where they are allowed or rewound."""
        if self.answer is not None:
            raise BadAction("The session has ended with an answer.")
        reading = await self._read()
        step = actions(action.text, reading.elements)
        judged = self._judged(step, reading)
        if judged.effect is Effect.IRREVERSIBLE and not allow:
            raise ActionRefused(judged.text, judged.reason)
        guard = self.guard
        self.windows.notes = []
        self.windows.allowed = allow or self.setting.rewinds
        held, writes = len(guard.held), len(guard.writes)
        self.told = len(guard.refusals)
        guard.open = self.windows.allowed
        try:
            await self._do(step, reading)
            await self._settle()
            seen = await self._seen(await self._moved(step, reading))
        finally:
            guard.open, self.windows.allowed = self.setting.rewinds, False
        stopped, gone = tuple(guard.held[held:]), tuple(guard.writes[writes:])
        lasting = bool(stopped or gone) and not self.setting.rewinds
        effect = Effect.IRREVERSIBLE if lasting or judged.effect is Effect.IRREVERSIBLE else Effect.REVERSIBLE
        return Outcome(observation=seen, effect=effect, blocked=stopped, writes=gone)

    async def snapshot(self) -> Snapshot | None:
        """Keep the client's side and, where the site forks, its world; None with tabs, frames or an answer."""
        if len(self.context.pages) != 1 or self.answer is not None or len(self.page.frames) != 1:
            return None
        try:
            kept = await keep(self.page)
        except Error:
            return None
        if self.world is not None:
            kept["world"] = await self.fork(self.world)
        return Snapshot(data=cast("Json", kept))

    async def aclose(self) -> None:
        """Close the context and drop its world."""
        if self.gone:
            return
        self.gone = True
        # A browser that died before has nothing left to close.
        with contextlib.suppress(Error):
            await self.context.close()
        await self.closed(self)

    async def _read(self) -> Reading:
        for _ in range(3):
            try:
                raw = await self.windows.reader.read()
            except (Error, ValueError) as error:
                self._check_alive(error)
                await self._settle()
                continue
            windows = self.windows
            reading = observation(
                self.masking.rows(raw.rows),
                self.page.url,
                tabs=f"{windows.number}/{len(windows.open)} {self.answer or ''}",
                numbered=self.setting.screenshot == "marks",
                skipped=self.skipped,
                left=raw.left,
                scroll=raw.scroll,
            )
            active = next((one for one in reading.elements if one.ref == raw.active), None)
            return replace(reading, title=raw.title, active=active, enter=raw.enter)
        raise EnvironmentFailed(f"`{self.page.url}` cannot be read: it never holds still.")

    async def _seen(self, reading: Reading) -> Observation:
        shot = None
        kind = self.setting.screenshot
        masking = self.masking
        if kind != "none":
            hidden = await masking.places(self.page, reading.elements)
            shot = await screenshot(self.page, reading.elements, kind, hidden)
        notes = [*self.windows.notes, *self.guard.told(self.told), *self.windows.told()]
        return Observation(
            text=masking.over("\n".join([*notes, reading.text])),
            fingerprint=reading.fingerprint,
            url=masking.over(self.page.url),
            title=masking.over(reading.title),
            screenshot=shot,
            ended=self.answer is not None,
            answer=self.answer,
        )

    def _check_alive(self, error: Exception) -> None:
        browser = self.context.browser
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        if self.gone or browser is None or not browser.is_connected():
            raise EnvironmentFailed(f"The browser has died: {said}") from error
        if not self.windows.open:
            raise EnvironmentFailed("The page is gone: the site closed its last window.") from error

    def _judged(self, step: ParsedAction, reading: Reading) -> Action:
        form: Form | None = None
        judged = step
        if step.verb == "click" and step.element is not None:
            form = step.element.form
        elif step.verb in {"press", "type"}:
            form = cast("Form | None", reading.enter)
            judged = replace(step, element=reading.active)
        effect, reason = safety(judged, form)
        if step.verb == "goto" and not self.guard.border.admits(step.said):
            raise BadAction(f"`{step.line}` leads to a site that is not allowed.")
        if self.setting.rewinds:
            effect = Effect.REVERSIBLE
        return Action(text=step.line, effect=effect, reason=reason)

    async def _do(self, step: ParsedAction, reading: Reading) -> None:
        setting = self.setting
        hands = Hands(
            windows=self.windows, origin=setting.origin, secrets=setting.secrets, files=setting.files
        )
        try:
            if step.verb == "select" and step.element is not None and step.element.kind != "select":
                await choose_shown(step, self.windows, self._settled_reading)
            else:
                await hands.perform(step, reading.elements)
        except Error as error:
            self._check_alive(error)
            raise BadAction(f"`{step.line}` did not work: {await self._why(step, error)}") from error
        if step.verb == "fill" and step.element is not None and step.element.looks_up:
            await asyncio.sleep(_SUGGESTED)
        if step.verb == "stop":
            self.answer = step.said

    async def _why(self, step: ParsedAction, error: Error) -> str:
        """Why an action failed: what lies over its element, else the first line of the error."""
        with contextlib.suppress(EnvironmentFailed, BadAction):
            now = actions(step.line, (await self._read()).elements).element
            if now is not None and now.cover:
                return f"it is behind {now.cover}."
        over = re.search(r"(<[^>]{1,200}>)[^\n]{0,500} intercepts pointer events", error.message)
        return f"{over[1]} lies over it." if over else error.message.splitlines()[0]

    async def _settled_reading(self) -> Reading:
        await self._settle()
        return await self._read()

    async def _moved(self, step: ParsedAction, before: Reading) -> Reading:
        """The reading after an action; scrolling and waiting are not over when nothing has changed."""
        if step.verb != "scroll":
            self.skipped = 0
        reading = await self._read()
        if step.verb == "wait":
            for pause in _LOOKS:
                if reading.fingerprint != before.fingerprint:
                    break
                await asyncio.sleep(pause)
                reading = await self._settled_reading()
        if step.verb == "scroll":
            down = step.said == "down"
            if reading.places != before.places:
                self.skipped = 0
                return await self._read() if before.skipped else reading
            if step.element is None and (before.more if down else self.skipped):
                # What is in view is longer than one text: the text moves on instead of the page.
                self.skipped = self.skipped + before.shown if down else max(0, self.skipped - before.shown)
                return await self._read()
            self.windows.notes.append(f"- note: nothing scrolled {step.said}, this is its end")
        return reading

    async def _settle(self) -> None:
        for _ in range(3):
            front = self.page
            await settle(
                front, self.traffic, idle_seconds=self.setting.idle_seconds, at_most=self.setting.timeout
            )
            await self.windows.leave_empty()
            if self.page is front:
                return
