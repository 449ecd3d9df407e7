"""One browser session: its context and page, observations and actions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from playwright.async_api import BrowserContext, Error, Page

from branchwise.environments.browser.actions import SHOWN_FORMS, ParsedAction, actions
from branchwise.environments.browser.choosing import choose_shown
from branchwise.environments.browser.identity import State
from branchwise.environments.browser.judging import judged, over
from branchwise.environments.browser.listing import listed
from branchwise.environments.browser.masking import Masking
from branchwise.environments.browser.memory import BrowserSnapshot
from branchwise.environments.browser.network import Guard
from branchwise.environments.browser.observation import Page as Reading
from branchwise.environments.browser.observation import observation, shown_url
from branchwise.environments.browser.perform import Hands
from branchwise.environments.browser.recall import Recall
from branchwise.environments.browser.screenshot import screenshot
from branchwise.environments.browser.setting import Setting
from branchwise.environments.browser.settle import Traffic, settle
from branchwise.environments.browser.windows import Windows
from branchwise.environments.protocol import Action, Effect, Observation, Outcome, Snapshot
from branchwise.store.errors import ActionRefused, BadAction, EnvironmentFailed
from branchwise.store.records import Json

_LOOKS = (0.1, 0.3, 0.6, 1.0, 1.0)
"""Seconds between looks while `wait` waits for a change."""
_SUGGESTED = 0.35
"""Seconds that a field may take to show suggestions."""


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
    recall: Recall
    learn: Callable[[BrowserSession], Awaitable[bool]]
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
        await self.wait_until_idle()
        await self.recall.settled(self.page)

    async def refill(self, kept: BrowserSnapshot) -> None:
        """Open a snapshot's page and restore its state.

        Raises:
            EnvironmentFailed: The page does not open, or a part of its state cannot be put back.
        """
        try:
            await self.recall.reopen(self.page, kept, self.wait_until_idle)
        except (Error, EnvironmentFailed) as error:
            await self.aclose()
            why = error.message.splitlines()[0] if isinstance(error, Error) else str(error)
            raise EnvironmentFailed(f"`{kept['url']}` is not as it was: {why}") from error

    async def observe(self) -> Observation:
        """Read the page."""
        return await self._seen(await self._noted())

    async def actions(self) -> Sequence[Action]:
        """List what can be done: clicks, choices, drags, scrolling, and the given phrases for every field."""
        reading = await self._read()
        steps = listed(reading, self.setting.phrases, self.setting.files)
        return [judged(step, reading, self.guard.border, rewinds=self.setting.rewinds) for step in steps]

    async def read(self, line: str) -> Action:
        """Read a line against the present page."""
        reading = await self._read()
        step = actions(line, reading.elements)
        return judged(step, reading, self.guard.border, rewinds=self.setting.rewinds)

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Do one action; writes pass where they are allowed or rewound."""
        if self.answer is not None:
            raise BadAction("The session has ended with an answer.")
        reading = await self._read()
        step = actions(action.text, reading.elements)
        known = judged(step, reading, self.guard.border, rewinds=self.setting.rewinds)
        if known.effect is Effect.IRREVERSIBLE and not allow:
            raise ActionRefused(known.text, known.reason)
        await self.recall.begin(self.page, step.line, step.leads_to)
        guard = self.guard
        self.windows.notes = []
        self.windows.allowed = allow or self.setting.rewinds
        held, writes = len(guard.held), len(guard.writes)
        self.told, guard.led_off = len(guard.refusals), False
        guard.open = self.windows.allowed
        try:
            await self._do(step, reading)
            await self.wait_until_idle()
            moved = await self._moved(step, reading)
            await self.recall.settled(self.page, step.line)
            seen = await self._seen(moved)
        finally:
            guard.open, self.windows.allowed = self.setting.rewinds, False
        stopped, gone = tuple(guard.held[held:]), tuple(guard.writes[writes:])
        lasting = bool(stopped or gone) and not self.setting.rewinds
        effect = Effect.IRREVERSIBLE if lasting or known.effect is Effect.IRREVERSIBLE else Effect.REVERSIBLE
        return Outcome(observation=seen, effect=effect, blocked=stopped, writes=gone)

    async def state(self) -> State:
        """The state of the page in front: what its fingerprint is made of."""
        return (await self._identified(await self._noted()))[1]

    async def recognise(self, fingerprint: str) -> str | None:
        """Why this is not the recorded state; None if it is, as far as the page does not change by itself."""
        reason = self.recall.identities.difference(fingerprint, await self.state())
        if reason is not None and await self.learn(self):
            reason = self.recall.identities.difference(fingerprint, await self.state())
        return reason

    async def snapshot(self) -> Snapshot | None:
        """Keep the client's side and, where the site forks, its world; None with a `refusal` where it cannot be."""
        if self.answer is not None:
            return None
        kept = await self.recall.snapshot(self.page, lambda: self.learn(self))
        if kept is not None and self.world is not None:
            kept["world"] = await self.fork(self.world)
        return None if kept is None else Snapshot(data=cast("Json", kept))

    @property
    def refusal(self) -> str:
        """Why the last snapshot was refused."""
        return self.recall.refused

    async def aclose(self) -> None:
        """Close the context and drop its world."""
        if self.gone:
            return
        self.gone = True
        # A browser that died has nothing to close.
        with contextlib.suppress(Error):
            await self.context.close()
        await self.closed(self)

    @property
    def _tabs(self) -> str:
        shown = f" from row {self.skipped}" if self.skipped else ""
        return f"{self.windows.number}/{len(self.windows.open)} {self.answer or ''}{shown}"

    async def _identified(self, reading: Reading) -> tuple[Reading, State]:
        """A reading with its state; read again if the page went elsewhere in between."""
        for _ in range(3):
            try:
                return reading, await self.recall.state(
                    self.page, reading.lines, self._tabs, self.masking.over
                )
            except Error as error:
                self.windows.check_alive(error, gone=self.gone)
                await self.wait_until_idle()
                reading = await self._noted()
        raise EnvironmentFailed(f"`{self.page.url}` cannot be read: it never holds still.")

    async def _noted(self) -> Reading:
        reading = await self._read()
        await self.recall.settled(self.page)
        return reading

    async def _read(self) -> Reading:
        for _ in range(3):
            try:
                raw = await self.windows.reader.read()
            except (Error, TimeoutError, ValueError) as error:
                self.windows.check_alive(error, gone=self.gone)
                await self.wait_until_idle()
                continue
            reading = observation(
                self.masking.rows(raw.rows),
                self.page.url,
                tabs=self._tabs,
                numbered=self.setting.screenshot == "marks",
                skipped=self.skipped,
                left=raw.left,
                scroll=raw.scroll,
            )
            active = next((one for one in reading.elements if one.ref == raw.active), None)
            return replace(reading, title=raw.title, active=active, enter=raw.enter)
        raise EnvironmentFailed(f"`{self.page.url}` cannot be read: it never holds still.")

    async def _seen(self, reading: Reading) -> Observation:
        reading, state = await self._identified(reading)
        shot, kind = None, self.setting.screenshot
        masking = self.masking
        if kind != "none":
            hidden = await masking.places(self.page, reading.elements)
            shot = await screenshot(self.page, reading.elements, kind, hidden)
        notes = [*self.windows.notes, *self.guard.told(self.told), *self.windows.told()]
        return Observation(
            text=masking.over("\n".join([*notes, reading.text])),
            fingerprint=self.recall.identities.fingerprint(state),
            url=masking.over(shown_url(self.page.url)),
            title=masking.over(reading.title),
            screenshot=shot,
            ended=self.answer is not None,
            answer=self.answer,
            forms=SHOWN_FORMS,
        )

    async def _do(self, step: ParsedAction, reading: Reading) -> None:
        front, hands = self.page, Hands(windows=self.windows, setting=self.setting)
        try:
            if step.verb == "select" and step.element is not None and step.element.kind != "select":
                await choose_shown(step, self.windows, self._settled_reading)
            else:
                await hands.perform(step, reading.elements)
        except Error as error:
            self.windows.check_alive(error, gone=self.gone)
            if not await self.windows.has_closed(front):
                raise BadAction(f"`{step.line}` did not work: {await self._why(step, error)}") from error
        if step.verb == "fill" and step.element is not None and step.element.looks_up:
            await asyncio.sleep(_SUGGESTED)
        if step.verb == "stop":
            self.answer = step.said

    async def _why(self, step: ParsedAction, error: Error) -> str:
        with contextlib.suppress(EnvironmentFailed, BadAction):
            now = actions(step.line, (await self._read()).elements).element
            if now is not None and now.cover:
                return f"it is behind {now.cover}."
        return over(error)

    async def _settled_reading(self) -> Reading:
        await self.wait_until_idle()
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

    async def wait_until_idle(self) -> None:
        """Wait until the page in front has settled."""
        for _ in range(3):
            front = self.page
            await settle(
                front, self.traffic, idle_seconds=self.setting.idle_seconds, at_most=self.setting.timeout
            )
            await self.windows.leave_empty(led_off=self.guard.led_off)
            if self.page is front:
                return
