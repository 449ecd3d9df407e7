"""Identity and memory of one session: fingerprints of its pages, and snapshots of those that can be put back."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from playwright.async_api import Error, Page

from branchwise.environments.browser.document import Document
from branchwise.environments.browser.held import HeldState, read_held
from branchwise.environments.browser.identity import Changing, Identities, State, pattern
from branchwise.environments.browser.memory import (
    BrowserSnapshot,
    keep,
    open_kept,
    past,
    refill,
    seed_storage,
)
from branchwise.store.errors import EnvironmentFailed


# Without slots and equal by identity, as its session is.
@dataclass(kw_only=True, eq=False)
class Recall:
    """Follows the tabs of one session."""

    identities: Identities
    """Shared by all sessions of the browser."""
    documents: dict[Page, Document] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    """All actions of the session."""
    refused: str = ""
    """Why the last snapshot was refused."""

    async def begin(self, page: Page, line: str, leads_to: str = "") -> None:
        """Note what ran while nobody acted; `line` is about to be done, and may lead to an address."""
        self.done.append(line)
        with contextlib.suppress(Error):
            document = await self.document(page)
            before = await past(document.cdp) if line == "back" else []
            await document.begin(self.changing(page), line, before[-1][1] if before else leads_to)

    async def count(self, page: Page) -> None:
        """Count scripts from now on, though nobody has acted: what runs now runs by itself.

        Raises:
            Error: The page is gone.
        """
        await (await self.document(page)).scripts.start()

    async def settled(self, page: Page, line: str = "") -> None:
        """Note what ran until the page was quiet, after a load or after the action `line`."""
        await self._settled(page, line)

    async def forget(self, page: Page) -> None:
        """Forget all that was done, since the only tab is about to be used again.

        Raises:
            Error: The page is gone.
        """
        self.done, self.refused = [], ""
        await (await self.document(page)).forget()

    async def state(self, page: Page, lines: tuple[str, ...], tabs: str, mask: Callable[[str], str]) -> State:
        """The state of the page in front, as far as its scripts were last `settled`.

        Raises:
            Error: The page went elsewhere or is gone.
        """
        document, changing = await self.document(page), self.changing(page)
        found = await document.state(lines, tabs)
        several = len(page.context.pages) > 1
        return replace(
            found,
            places={place: mask(said) for place, said in found.places.items()},
            done=tuple(self.done if several else document.done),
            dirty=several or document.dirty(changing),
        )

    def changing(self, page: Page) -> Changing:
        """What is known to change by itself on such pages."""
        return self.identities.of(pattern(page.url))

    async def snapshot(self, page: Page, learn: Callable[[], Awaitable[bool]]) -> BrowserSnapshot | None:
        """Save the page's state, or note in `refused` why it cannot be.

        Args:
            page: The page in front.
            learn: Learns what runs by itself on such pages; asked once a script ran.
        """
        changing = self.changing(page)
        try:
            document, seen = await self.document(page), await read_held(page)
            reason = await document.refusal(seen, changing)
            if document.dirty(changing) and not document.uncounted and await learn():
                seen = await read_held(page)
                reason = await document.refusal(seen, changing)
            self.refused = reason or ""
            return None if reason else await self._kept(page, document, seen)
        except Error as error:
            self.refused = error.message.splitlines()[0]
            return None

    async def loaded_by_get(self, page: Page) -> bool:
        """Whether the document's address shows it again.

        Raises:
            Error: The page is gone.
        """
        return (await self.document(page)).method == "GET"

    async def keep(self, page: Page) -> BrowserSnapshot:
        """Save the page's state.

        Raises:
            Error: The storages cannot be read.
        """
        return await self._kept(page, await self.document(page), await read_held(page))

    async def load(self, page: Page, kept: BrowserSnapshot, settle: Callable[[], Awaitable[None]]) -> None:
        """Load a saved page with its history and storages, as nobody has acted on it.

        Raises:
            Error: The site does not answer.
        """
        document = await self.document(page)
        await seed_storage(page, kept)
        await open_kept(page, kept)
        await settle()
        await document.settled(self.changing(page))

    async def reopen(self, page: Page, kept: BrowserSnapshot, settle: Callable[[], Awaitable[None]]) -> None:
        """Put a saved state back into a fresh tab, and compare.

        Raises:
            Error: The site does not answer.
            EnvironmentFailed: A part of the state cannot be put back.
        """
        await self.load(page, kept, settle)
        document = await self.document(page)
        await refill(page, kept)
        if [url for _, url in await past(document.cdp)] != kept["history"]:
            raise EnvironmentFailed("its history could not be put back")
        document.done = list(kept["done"])
        document.acted = bool(kept["done"])

    async def _kept(self, page: Page, document: Document, seen: HeldState) -> BrowserSnapshot:
        history = [url for _, url in await past(document.cdp)]
        return await keep(page, seen, history, list(document.done))

    async def _settled(self, page: Page, line: str) -> None:
        # A page that is gone, or goes, is found so by whoever reads it next.
        with contextlib.suppress(Error):
            await (await self.document(page)).settled(self.changing(page), line)

    async def document(self, page: Page) -> Document:
        """What follows the documents of a tab.

        Raises:
            Error: The page is gone.
        """
        if page not in self.documents:
            self.documents[page] = await Document.of(page)
        return self.documents[page]
