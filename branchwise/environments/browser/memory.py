"""Client-side state of a page: saved and restored."""

from __future__ import annotations

from typing import TypedDict, cast

from playwright.async_api import Page, Route, StorageState

_KEEP = """() => ({
    session: {...sessionStorage},
    fields: [...document.querySelectorAll('input, textarea, select')].map(f => [f.value, f.checked === true]),
    scroll: [scrollX, scrollY],
})"""
_SESSION = "kept => { for (const [key, value] of Object.entries(kept)) sessionStorage.setItem(key, value); }"
_FIELDS = """kept => {
    const fields = [...document.querySelectorAll('input, textarea, select')];
    kept.fields.forEach(([value, checked], at) => {
        const field = fields[at];
        if (!field || field.type === 'file' || field.type === 'hidden') return;
        if (field.value !== value) field.value = value;
        if (field.checked !== undefined && field.checked !== checked) field.checked = checked;
    });
    scrollTo(...kept.scroll);
}"""


class ClientState(TypedDict):
    """The client-side state of a page."""

    session: dict[str, str]
    fields: list[tuple[str, bool]]
    scroll: tuple[float, float]


class BrowserSnapshot(TypedDict):
    """A snapshot: client-side state, and a fork of the server's state if the site offers one."""

    url: str
    storage: StorageState
    client: ClientState
    world: str | None


async def keep(page: Page) -> BrowserSnapshot:
    """Save cookies, local and session storage, IndexedDB, fields and scroll position.

    What stands in the JavaScript heap cannot be taken out; whoever puts this back compares fingerprints.
    """
    return BrowserSnapshot(
        url=page.url,
        storage=await page.context.storage_state(indexed_db=True),
        client=cast("ClientState", await page.evaluate(_KEEP)),
        world=None,
    )


async def seed_storage(page: Page, kept: BrowserSnapshot) -> None:
    """Restore session storage before the page's own scripts run."""
    if not kept["client"]["session"]:
        return

    async def empty(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body="")

    await page.route("**/*", empty)
    await page.goto(kept["url"])
    await page.evaluate(_SESSION, kept["client"]["session"])
    await page.unroute("**/*", empty)


async def refill(page: Page, kept: BrowserSnapshot) -> None:
    """Restore field values and the scroll position."""
    await page.evaluate(_FIELDS, kept["client"])
