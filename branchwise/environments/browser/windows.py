"""The windows of one session: which is in front, and what the browser did by itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Dialog, Download, Error, FileChooser, Page

from branchwise.environments.browser.reader.reading import Reader
from branchwise.store.errors import BadAction, EnvironmentFailed

_MOST = 5


# Without slots: Playwright sets an attribute on whom a handler belongs to.
@dataclass(kw_only=True, eq=False)
class Windows:
    """The open windows in the order in which they were opened; downloads, dialogs and choosers are disabled."""

    context: BrowserContext
    front: Page
    allowed: bool = False
    """Whether writes are allowed now; then a question of the page is answered with yes."""
    uploading: bool = False
    """Whether an action is about to hand a file over, so that its chooser is no surprise."""
    notes: list[str] = field(default_factory=list)
    """What the browser itself did since the last action."""
    readers: dict[Page, Reader] = field(default_factory=dict)

    def listen(self) -> None:
        """Watch the windows from now on; call once."""
        self.context.on("page", self._opened)
        self._watch(self.front)

    @property
    def reader(self) -> Reader:
        """The reader of the window in front."""
        if self.front not in self.readers:
            self.readers[self.front] = Reader(page=self.front)
        return self.readers[self.front]

    @property
    def open(self) -> list[Page]:
        """The windows that are open."""
        return [page for page in self.context.pages if not page.is_closed()]

    @property
    def number(self) -> int:
        """Which one is in front, from 1."""
        return self.open.index(self.front) + 1 if self.front in self.open else 0

    def check_alive(self, error: Exception, *, gone: bool) -> None:
        """Raise if `error` cannot pass, because the browser, the last window or the page is gone.

        Raises:
            EnvironmentFailed: It is.
        """
        browser = self.context.browser
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        if gone or browser is None or not browser.is_connected():
            raise EnvironmentFailed(f"The browser has died: {said}") from error
        if not self.open:
            raise EnvironmentFailed("The page is gone: the site closed its last window.") from error
        if isinstance(error, TimeoutError):
            raise EnvironmentFailed("The page does not answer: its scripts do not come to an end.") from error

    async def has_closed(self, page: Page) -> bool:
        """Whether a window has closed itself, as one may before the click that told it to is over."""
        for _ in range(5):
            if page.is_closed():
                return True
            await asyncio.sleep(0.02)
        return False

    def told(self) -> list[str]:
        """Lines that name the windows, where there are more than one, and say when the one in front is lost."""
        pages = self.open
        lost = "- note: this page does not open: nothing answers, or it leads to a site that is not allowed; go back"
        told = [lost] if self.front.url.startswith("chrome-error:") else []
        if len(pages) < 2:
            return told
        names = [
            f"{number} {_address(page)}{' (in front)' if page is self.front else ''}"
            for number, page in enumerate(pages, 1)
        ]
        return [*told, f"- tabs: {', '.join(names)}"]

    async def choose(self, number: int) -> None:
        """Bring a window to the front.

        Raises:
            BadAction: There are not so many.
        """
        pages = self.open
        if number > len(pages):
            raise BadAction(f"There are only {len(pages)} tabs.")
        self.front = pages[number - 1]
        await self.front.bring_to_front()

    async def leave_empty(self, *, led_off: bool) -> None:
        """Close a new window that leads nowhere.

        Args:
            led_off: Whether a page was refused since the last action. An empty window may be filled by its opener.
        """
        pages = self.open
        if len(pages) < 2 or self.front is pages[0]:
            return
        empty, address = self.front, self.front.url
        if address.startswith("chrome-error:") or (
            led_off and address == "about:blank" and await _is_empty(empty)
        ):
            self.notes.append("- note: a new window led to no page that is allowed and was closed")
            self.front = next(page for page in reversed(pages) if page is not empty)
            await empty.close()

    def _watch(self, page: Page) -> None:
        page.on("dialog", self._dialog)
        page.on("download", self._download)
        page.on("filechooser", self._chooser)
        page.on("close", self._closed)

    async def _opened(self, page: Page) -> None:
        self._watch(page)
        if len(self.context.pages) > _MOST:
            self.notes.append("- note: a new tab was closed, there are too many")
            await page.close()
            return
        self.front = page

    def _closed(self, page: Page) -> None:
        self.readers.pop(page, None)
        if page is not self.front:
            return
        # The newest of the others takes its place, as it does on a person's screen.
        if pages := self.open:
            self.front = pages[-1]
            self.notes.append("- note: the window in front was closed; the one before it is in front now")

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
        if not self.uploading:
            self.notes.append("- note: a file chooser was not opened")


def _address(page: Page) -> str:
    # Queries may carry tokens.
    return urlsplit(page.url)._replace(query="", fragment="").geturl()[:100] or "an empty page"


async def _is_empty(page: Page) -> bool:
    try:
        return bool(await page.evaluate("() => !document.body || !document.body.childElementCount"))
    except Error:
        return False
