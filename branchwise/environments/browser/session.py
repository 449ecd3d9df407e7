"""One browser session: its context and page, observations and actions."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from playwright.async_api import (
    BrowserContext,
    Dialog,
    Download,
    Error,
    FileChooser,
    Page,
)

from branchwise.environments.browser.actions import ParsedAction, actions
from branchwise.environments.browser.masking import Masking
from branchwise.environments.browser.memory import BrowserSnapshot, keep, refill, seed_storage
from branchwise.environments.browser.network import Guard
from branchwise.environments.browser.observation import CLICKABLE, FILLABLE, Element, observation
from branchwise.environments.browser.observation import Page as Reading
from branchwise.environments.browser.perform import located, perform
from branchwise.environments.browser.safety import FORM_OF, Form, safety
from branchwise.environments.browser.screenshot import Screenshot, screenshot
from branchwise.environments.browser.settle import Traffic, settle
from branchwise.environments.protocol import Action, Effect, Observation, Outcome, Snapshot
from branchwise.store.errors import ActionRefused, BadAction, EnvironmentFailed
from branchwise.store.records import Json

_MOST_TABS = 5
_READY = """() => {
    // A span that scripts made clickable has no role; without one the accessibility tree takes it for plain text.
    const roles = ['button', 'checkbox', 'combobox', 'link', 'option', 'radio', 'slider', 'switch', 'tab', 'textbox'];
    const owned = roles.map(role => `[role=${role}], `).join('') + '[role^=menuitem], [role=treeitem]';
    const pointer = element => getComputedStyle(element).cursor === 'pointer';
    for (const element of [...document.querySelectorAll('span, div, li, td, p, svg')].slice(0, 3000)) {
        if (element.hasAttribute('role') || !element.textContent.trim()) continue;
        if (element.closest(`a, button, label, select, summary, ${owned}`)) continue;
        if (element.querySelector(`a, button, input, select, textarea, ${owned}`)) continue;
        const made = element.hasAttribute('onclick') || (pointer(element) && !pointer(element.parentElement));
        if (made) element.setAttribute('role', 'button');
    }
    return [...document.querySelectorAll('input[type=password]')].map(field => field.value);
}"""
"""Names what only looks clickable, and returns what stands in password fields."""


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


# Without slots: Playwright sets an attribute on whom a handler belongs to.
@dataclass(kw_only=True, eq=False)
class BrowserSession:
    """See `protocol.Session`."""

    setting: Setting
    context: BrowserContext
    page: Page
    guard: Guard
    traffic: Traffic
    world: str | None
    fork: Callable[[str | None], Awaitable[str | None]]
    closed: Callable[[BrowserSession], Awaitable[None]]
    answer: str | None = None
    allowed: bool = False
    gone: bool = False
    notes: list[str] = field(default_factory=list)
    """What the browser itself did since the last action: a dialog dismissed, a download stopped."""

    @property
    def masking(self) -> Masking:
        """The masking of the browser's secrets."""
        return Masking(secrets=self.setting.secrets)

    def listen(self) -> None:
        """Disable downloads, dialogs and permissions; call once."""
        self.context.on("page", self._new_page)
        self._watch(self.page)

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
        reading = await self._read()
        shot = None
        kind = self.setting.screenshot
        masking = self.masking
        if kind != "none":
            shot = await screenshot(self.page, reading.elements, kind, await masking.places(self.page))
        return Observation(
            text=masking.over("\n".join([*self.notes, reading.text])),
            fingerprint=reading.fingerprint,
            url=masking.over(self.page.url),
            title=masking.over(await self.page.title()),
            screenshot=shot,
            ended=self.answer is not None,
            answer=self.answer,
        )

    async def actions(self) -> Sequence[Action]:
        """List clicks, choices and the given phrases for every field."""
        reading = await self._read()
        found: list[Action] = []
        for element in reading.elements:
            if not element.disabled:
                found += [await self._judged(step) for step in self._steps(element)]
        return [*found, Action(text="scroll down", effect=Effect.REVERSIBLE)]

    async def read(self, line: str) -> Action:
        """Read a line against the present page."""
        return await self._judged(actions(line, (await self._read()).elements))

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Do one action; writes pass where they are allowed or rewound."""
        if self.answer is not None:
            raise BadAction("The session has ended with an answer.")
        step = actions(action.text, (await self._read()).elements)
        judged = await self._judged(step)
        if judged.effect is Effect.IRREVERSIBLE and not allow:
            raise ActionRefused(judged.text, judged.reason)
        guard = self.guard
        self.notes = []
        self.allowed = allow or self.setting.rewinds
        held, writes = len(guard.held), len(guard.writes)
        guard.open = self.allowed
        try:
            await self._do(step)
            await self._settle()
            seen = await self.observe()
        finally:
            guard.open, self.allowed = self.setting.rewinds, False
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
                passwords = [v for frame in self.page.frames for v in await frame.evaluate(_READY)]
                aria = await self.page.aria_snapshot(mode="ai")
            except Error as error:
                if self.gone or self.page.is_closed() or not self._alive():
                    raise EnvironmentFailed(f"The page is gone: {error.message.splitlines()[0]}") from error
                await self._settle()
                continue
            pages = self.context.pages
            tabs = f"{pages.index(self.page) + 1}/{len(pages)} {self.answer or ''}"
            return observation(
                self.masking.over(aria),
                self.page.url,
                passwords=passwords,
                tabs=tabs,
                numbered=self.setting.screenshot == "marks",
            )
        raise EnvironmentFailed(f"`{self.page.url}` cannot be read: it never holds still.")

    def _alive(self) -> bool:
        browser = self.context.browser
        return browser is not None and browser.is_connected()

    def _steps(self, element: Element) -> list[ParsedAction]:
        if element.role in FILLABLE:
            fills = [p for p in self.setting.phrases if p != element.value]
            return [ParsedAction(verb="fill", element=element, said=phrase) for phrase in fills]
        if element.options:
            return [ParsedAction(verb="select", element=element, said=option) for option in element.options]
        if element.role == "option":
            return []
        clicks = element.role in CLICKABLE or element.role in {"generic", "img", "cell", "listitem"}
        return [ParsedAction(verb="click", element=element)] if clicks else []

    async def _judged(self, step: ParsedAction) -> Action:
        form: Form | None = None
        try:
            if step.verb == "click" and step.element is not None:
                form = await located(self.page, step.element).evaluate(FORM_OF)
            elif step.verb == "press":
                form = await self.page.evaluate(f"() => ({FORM_OF})(document.activeElement || document.body)")
        except Error:
            form = None
        effect, reason = safety(step, form)
        if step.verb == "goto" and not self.guard.border.admits(step.said):
            raise BadAction(f"`{step.line}` leads to a site that is not allowed.")
        if self.setting.rewinds:
            effect = Effect.REVERSIBLE
        return Action(text=step.line, effect=effect, reason=reason)

    async def _do(self, step: ParsedAction) -> None:
        try:
            page = await perform(step, self.page, self.setting.origin, self.setting.secrets)
        except Error as error:
            if not self._alive():
                raise EnvironmentFailed("The browser has died.") from error
            raise BadAction(f"`{step.line}` did not work: {error.message.splitlines()[0]}") from error
        self.page = page
        if step.verb == "stop":
            self.answer = step.said

    async def _settle(self) -> None:
        await settle(
            self.page, self.traffic, idle_seconds=self.setting.idle_seconds, at_most=self.setting.timeout
        )

    def _watch(self, page: Page) -> None:
        page.on("dialog", self._dialog)
        page.on("download", self._download)
        page.on("filechooser", self._chooser)

    async def _new_page(self, page: Page) -> None:
        self._watch(page)
        if len(self.context.pages) > _MOST_TABS:
            self.notes.append("- note: a new tab was closed, there are too many")
            await page.close()
            return
        self.page = page

    async def _dialog(self, dialog: Dialog) -> None:
        yes = self.allowed or dialog.type in {"alert", "beforeunload"}
        said = " ".join(dialog.message.split())[:200]
        self.notes.append(
            f"- note: a {dialog.type} said {said!r} and was {'accepted' if yes else 'dismissed'}"
        )
        try:
            await (dialog.accept() if yes else dialog.dismiss())
        except Error:
            # Its page closed first.
            return

    async def _download(self, download: Download) -> None:
        self.notes.append("- note: a download was stopped")
        await download.cancel()

    def _chooser(self, chooser: FileChooser) -> None:
        self.notes.append("- note: a file chooser was not opened")
