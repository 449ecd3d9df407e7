"""The reader's script, a selector engine that Playwright runs in a world of its own, which the page cannot see."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from playwright.async_api import Locator, Page, Playwright

NAME = "branchwise"
"""The engine's name: `branchwise=7` locates the element of that number in the newest reading."""
_PARTS = ("dom", "names", "things", "walk", "select", "engine")


@cache
def source(part: str) -> str:
    """The text of one of the scripts beside this file."""
    return files(__package__).joinpath(f"{part}.js").read_text(encoding="utf-8")


async def register(playwright: Playwright) -> None:
    """Make the engine known; call once, before the first page is opened."""
    script = "\n".join(["(() => {", "'use strict';", *(source(part) for part in _PARTS), "})()"])
    await playwright.selectors.register(NAME, script=script, content_script=True)


def located(page: Page, ref: str) -> Locator:
    """Locate what a reading called `ref`: numbers joined by `/`, of the frames around it and of itself.

    It is what a pointer acts on, such as the label of a box that is hidden; `!` at the end names the box itself.
    """
    *frames, last = ref.split("/")
    if not frames:
        return page.locator(f"{NAME}={last}")
    inner = page.frame_locator(f"{NAME}={frames[0]}")
    for frame in frames[1:]:
        inner = inner.frame_locator(f"{NAME}={frame}")
    return inner.locator(f"{NAME}={last}")
