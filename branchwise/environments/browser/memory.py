"""Snapshots of a page without its scripts' memory: storages, history and what the browser holds."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import CDPSession, Page, Route, StorageState

from branchwise.environments.browser.held import Held, HeldState, put_back, read_held
from branchwise.store.errors import EnvironmentFailed

_SESSION = "kept => { for (const [key, value] of Object.entries(kept)) sessionStorage.setItem(key, value); }"


class BrowserSnapshot(TypedDict):
    """A snapshot: client-side state, and a fork of the server's state if the site offers one."""

    url: str
    storage: StorageState
    session: dict[str, str]
    """Session storage of the page's origin."""
    held: Held
    history: list[str]
    """Addresses before this one, oldest first."""
    referrer: str
    done: list[str]
    """Actions since the document was loaded."""
    world: str | None


async def keep(page: Page, seen: HeldState, history: list[str], done: list[str]) -> BrowserSnapshot:
    """Save cookies, local and session storage, IndexedDB, history, fields, focus and scroll positions.

    What stands in the JavaScript heap cannot be taken out; whoever puts this back compares fingerprints.

    Raises:
        Error: The storages cannot be read.
    """
    return BrowserSnapshot(
        url=page.url,
        storage=await page.context.storage_state(indexed_db=True),
        session=seen["session"],
        held=seen["held"],
        history=history,
        referrer=seen["referrer"],
        done=done,
        world=None,
    )


async def past(cdp: CDPSession) -> list[tuple[int, str]]:
    """Entries that `back` leads to, oldest first, without the blank page that a tab begins with: number, address.

    Raises:
        Error: The page is gone.
    """
    found = await cdp.send("Page.getNavigationHistory")
    before = found["entries"][: found["currentIndex"]]
    return [(int(entry["id"]), str(entry["url"])) for entry in before if entry["url"] != "about:blank"]


async def seed_storage(page: Page, kept: BrowserSnapshot) -> None:
    """Rebuild history and session storage before the page's own scripts run; the entries are empty documents.

    Raises:
        Error: An entry cannot be made.
    """
    stubs = list(kept["history"])
    if kept["session"] and not any(_origin(url) == _origin(kept["url"]) for url in stubs):
        stubs.append(kept["url"])
    if not stubs:
        return

    async def empty(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body="")

    await page.route("**/*", empty)
    for url in stubs:
        await _make_room(page, url)
        await page.goto(url)
        if kept["session"] and _origin(url) == _origin(kept["url"]):
            await page.evaluate(_SESSION, kept["session"])
    if kept["history"]:
        await _make_room(page, kept["url"])
    await page.unroute("**/*", empty)


async def _make_room(page: Page, url: str) -> None:
    """Loading an address anew takes its own place in the history; a form sent to its own page adds one."""
    if page.url == url:
        await page.evaluate("history.pushState(null, '', location.href)")


async def open_kept(page: Page, kept: BrowserSnapshot) -> None:
    """Load the snapshot's page; with a fragment it is loaded anew, or the empty document would only scroll.

    Raises:
        Error: The site does not answer.
    """
    if urldefrag(page.url).url == urldefrag(kept["url"]).url and urldefrag(kept["url"]).fragment:
        await page.goto(kept["url"], wait_until="commit")
        await page.reload(wait_until="commit")
    else:
        await page.goto(kept["url"], referer=kept["referrer"] or None, wait_until="commit")


async def refill(page: Page, kept: BrowserSnapshot) -> None:
    """Put back what the browser held, and compare.

    Raises:
        EnvironmentFailed: A part is not there or did not take its state.
        Error: The page went elsewhere.
    """
    missing = await put_back(page, kept["held"])
    held = (await read_held(page))["held"]
    wrong = missing or [
        f"{place} ({what})"
        for place in sorted({*kept["held"], *held})
        for what in {*kept["held"].get(place, {}), *held.get(place, {})}
        if kept["held"].get(place, {}).get(what) != held.get(place, {}).get(what)
    ]
    if wrong:
        raise EnvironmentFailed(f"what the browser held could not be put back: {', '.join(wrong[:5])}")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
