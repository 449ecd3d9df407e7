"""The document in a tab: how it came, what was done in it, which scripts ran, and whether it can be saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag

from playwright.async_api import CDPSession, Error, Page, Request

from branchwise.environments.browser.held import HeldState, read_held
from branchwise.environments.browser.identity import Changing, State, pattern, shown, steady, stored
from branchwise.environments.browser.memory import past
from branchwise.environments.browser.observation import steady_url
from branchwise.environments.browser.scripts import ScriptRuns, named


# Without slots: Playwright sets an attribute on whom a handler belongs to.
@dataclass(kw_only=True)
class Document:
    """Follows the documents of one tab."""

    page: Page
    cdp: CDPSession
    scripts: ScriptRuns
    loaded: str
    """Chromium's name of the newest load."""
    loader: str = ""
    """The load that made the document that was last seen quiet."""
    method: str = "GET"
    asked: str = "GET"
    """Method of the newest request for a document, which the page may answer by staying."""
    posted: set[int] = field(default_factory=set)
    """History entries whose documents came by another method than GET."""
    endless: bool = False
    """Whether an event stream was opened."""
    pushed: bool = False
    """Whether an action made history entries by script."""
    moved: bool = False
    """Whether a script moved within the document since the page was last quiet."""
    done: list[str] = field(default_factory=list)
    acted: bool = False
    """Whether an action was begun since the load, also one that failed."""
    ran: set[str] = field(default_factory=set)
    leaving: str = ""
    """The action that is expected to leave the document, so that its scripts are not counted."""
    uncounted: str = ""
    """One that did not leave it after all."""

    @classmethod
    async def of(cls, page: Page) -> Document:
        """Follow a tab from now on.

        Raises:
            Error: The page is gone.
        """
        cdp = await page.context.new_cdp_session(page)
        document = cls(page=page, cdp=cdp, scripts=ScriptRuns(cdp=cdp), loaded="")
        page.on("request", document._requested)
        cdp.on("Page.frameNavigated", document._loads)
        cdp.on("Page.navigatedWithinDocument", document._moved)
        await cdp.send("Page.enable")
        document.loaded = (await cdp.send("Page.getFrameTree"))["frameTree"]["frame"]["loaderId"]
        return document

    async def begin(self, changing: Changing, line: str, to: str) -> None:
        """Note what ran while nobody acted, and count scripts from now on unless `line` leaves the document.

        Args:
            changing: What is known to change by itself on such pages.
            line: The action that is about to be done.
            to: The address that it leads to; empty where that is not known.

        Raises:
            Error: The page is gone.
        """
        await self.settled(changing)
        self.acted = True
        if not self.scripts.started and _elsewhere(to, self.page.url):
            self.leaving = line
        else:
            await self.scripts.start()

    async def settled(self, changing: Changing, line: str = "") -> None:
        """Note what ran, after a load or after the action `line`; call when the page is quiet.

        Raises:
            Error: The page is gone.
        """
        functions = await self.scripts.take()
        stayed, self.leaving = self.leaving, ""
        if self.loaded != self.loader:
            # What ran here was the load.
            await self.scripts.stop()
            self.loader, self.moved = self.loaded, False
            self._anew()
            self.method = self.asked
            if self.method != "GET":
                history = await self.cdp.send("Page.getNavigationHistory")
                self.posted.add(int(history["entries"][history["currentIndex"]]["id"]))
            return
        self.uncounted = self.uncounted or stayed
        self.pushed, self.moved = self.pushed or self.moved, False
        if line:
            self.done.append(line)
        if self.acted:
            self.ran |= functions
        else:
            changing.idle |= functions

    async def forget(self) -> None:
        """Forget the documents that were here, and count no more.

        Raises:
            Error: The page is gone.
        """
        await self.scripts.stop()
        self._anew()
        self.posted = set()
        self.pushed = self.endless = self.moved = False

    async def state(self, lines: tuple[str, ...], tabs: str) -> State:
        """The state of the document; `lines` are what its page shows.

        Raises:
            Error: The page went elsewhere or is gone.
        """
        seen = await read_held(self.page)
        places = shown(lines)
        for place, held in seen["held"].items():
            for what, value in held.items():
                # The length of a password tells states apart well enough, and guesses are no use then.
                said = f"{len(str(value))} characters" if what == "password" else steady(value)
                places[f"held/{place}/{what}"] = said
        places |= stored("session storage", seen["session"]) | stored("local storage", seen["local"])
        cookies = await self.page.context.cookies()
        places |= stored(
            "cookie", {f"{c.get('name')} {c.get('domain')}": c.get("value", "") for c in cookies}
        )
        places |= stored("window", {"state": seen["state"], "name": seen["name"]})
        if seen["databases"]:
            storage = await self.page.context.storage_state(indexed_db=True)
            places |= stored("database", {one["origin"]: one.get("indexedDB") for one in storage["origins"]})
        frames = sorted(steady_url(frame.url) for frame in self.page.frames[1:])
        address = "\n".join([steady_url(self.page.url), tabs, *frames])
        return State(pattern=pattern(self.page.url), address=address, places=places)

    async def refusal(self, seen: HeldState, changing: Changing) -> str | None:
        """Why the document cannot be saved; None if it can.

        Raises:
            Error: The page is gone.
        """
        await self.settled(changing)
        origins = {frame.url.split("/")[2] for frame in self.page.frames if frame.url.count("/") > 2}
        reasons = [
            (self.uncounted, f"the page stayed, and what ran was not noted: {self.uncounted}"),
            (self.dirty(changing), f"script ran: {named(frozenset(self.ran - changing.idle))}"),
            (
                self.posted & {entry for entry, _ in await past(self.cdp)},
                "`back` leads to the result of a form",
            ),
            (self.pushed, "a script made history entries"),
            (len(self.page.context.pages) != 1, "there is more than one tab"),
            (len(origins) > 1, "it has a frame of another origin"),
            (self.page.workers, "it has a worker"),
            (self.endless, "it reads an event stream"),
            (seen["shut"], "; ".join(seen["shut"])),
        ]
        return next((reason for holds, reason in reasons if holds), None)

    def dirty(self, changing: Changing) -> bool:
        """Whether an action ran a function that does not run by itself, or may have run one."""
        return bool(self.uncounted or self.ran - changing.idle)

    def _anew(self) -> None:
        self.done, self.ran = [], set()
        self.acted, self.uncounted = False, ""

    def _requested(self, request: Request) -> None:
        try:
            leads = request.is_navigation_request() and request.frame == self.page.main_frame
        except Error:
            # A frame that is not there yet.
            return
        if leads:
            self.asked, self.endless = request.method, False
        elif request.resource_type == "eventsource":
            self.endless = True

    def _loads(self, event: Any) -> None:
        if "parentId" not in event["frame"]:
            self.loaded = event["frame"]["loaderId"]

    def _moved(self, event: Any) -> None:
        if event.get("navigationType") == "historyApi":
            self.moved = True


def _elsewhere(to: str, url: str) -> bool:
    """Whether an address is that of another document; one with another fragment is not."""
    return to.startswith(("http:", "https:")) and urldefrag(to).url != urldefrag(url).url
