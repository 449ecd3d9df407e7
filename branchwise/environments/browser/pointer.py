"""The pointer: clicks, drags, scrolling and the selection of text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from playwright.async_api import Error, FloatRect, Locator, Page

from branchwise.environments.browser.actions import ParsedAction
from branchwise.environments.browser.elements import Element
from branchwise.environments.browser.reader.engine import located
from branchwise.store.errors import BadAction

_COVERED = 1000.0
"""Milliseconds that something may take to be uncovered."""
_STEPS = 8


async def click(element: Element, place: Locator, at: tuple[int, int] | None = None) -> None:
    """Click an element, in its middle or where it is free.

    Args:
        element: What is clicked.
        place: Where it is.
        at: A place in it, in per cent of its width and height.

    Raises:
        Error: It cannot be clicked.
    """
    if at is not None:
        left = max(0, min(element.box[2] - 1, element.box[2] * at[0] // 100))
        top = max(0, min(element.box[3] - 1, element.box[3] * at[1] // 100))
        await place.click(position={"x": left, "y": top})
        return
    timeout = _COVERED if element.cover else None
    if element.press_at is None:
        await place.click(timeout=timeout)
        return
    await place.click(position={"x": element.press_at[0], "y": element.press_at[1]}, timeout=timeout)


async def drag(step: ParsedAction, page: Page, place: Locator) -> None:
    """Press on an element, move, and let go over another one, beside it, or so many pixels away.

    Raises:
        BadAction: One of the two has no place on the page.
        Error: It cannot be reached.
    """
    await place.scroll_into_view_if_needed()
    start = _middle(await _box(place, step))
    await page.mouse.move(*start)
    await page.mouse.down()
    try:
        if step.target is not None:
            goal = located(page, step.target.ref)
            await goal.scroll_into_view_if_needed()
            end = _beside(await _box(goal, step), start, step.said)
        else:
            assert step.by is not None
            end = (start[0] + step.by[0], start[1] + step.by[1])
        await page.mouse.move(*end, steps=_STEPS)
        # Lists that make room under the pointer look once more when it has stopped.
        await page.mouse.move(end[0], end[1] + 1)
        await page.mouse.move(*end)
    finally:
        await page.mouse.up()


async def _box(place: Locator, step: ParsedAction) -> FloatRect:
    box = await place.bounding_box()
    if box is None:
        raise BadAction(f"`{step.line}`: it has no place on the page.")
    return box


def _middle(box: FloatRect) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _beside(box: FloatRect, start: tuple[float, float], where: str) -> tuple[float, float]:
    """The middle of a target, or the edge of it that comes before or after it in its list."""
    across, down = _middle(box)
    if where == "to":
        return across, down
    if abs(down - start[1]) >= abs(across - start[0]):
        return across, box["y"] + 2 if where == "before" else box["y"] + box["height"] - 2
    return box["x"] + 2 if where == "before" else box["x"] + box["width"] - 2, down


async def scroll(page: Page, down: bool, scroller: Element | None, shown: Sequence[Element]) -> None:
    """Turn the wheel over the page, or over an element that scrolls.

    Args:
        page: The page in front.
        down: Whether down, else up.
        scroller: What is to scroll; None for the page, or for the largest part of it that scrolls if the page itself
            does not.
        shown: The elements of the page.

    Raises:
        Error: It cannot be reached.
    """
    size = page.viewport_size or {"width": 1280, "height": 1024}
    if scroller is None and not await page.evaluate(_PAGE_SCROLLS):
        inside = [one for one in shown if one.scroll is not None and one.in_view]
        scroller = max(inside, key=lambda one: one.box[2] * one.box[3], default=None)
    way, box = 1 if down else -1, scroller.box if scroller else (0, 0, size["width"], size["height"])
    if scroller is None:
        await page.mouse.move(size["width"] / 2, size["height"] / 2)
        await page.mouse.wheel(0, 600 * way)
        return
    place = located(page, scroller.ref)
    before = await place.evaluate(_TOP)
    far = max(100, min(600, int(box[3] * 0.8))) * way
    if scroller.in_view:
        right, bottom = min(box[0] + box[2], size["width"]), min(box[1] + box[3], size["height"])
        await page.mouse.move((box[0] + right) / 2, (box[1] + bottom) / 2)
        await page.mouse.wheel(0, far)
        await page.evaluate(_DRAWN)
    if await place.evaluate(_TOP) == before:
        # Something lies over it, or it is out of sight.
        await place.evaluate("(element, far) => element.scrollBy(0, far)", far)


_PAGE_SCROLLS = """() => {
    const page = document.scrollingElement;
    const style = page && getComputedStyle(page), body = document.body && getComputedStyle(document.body);
    return Boolean(page) && page.scrollHeight > innerHeight + 4
        && style.overflowY !== 'hidden' && (style.overflowY !== 'visible' || body?.overflowY !== 'hidden');
}"""
_TOP = "element => element.scrollTop"
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"


async def highlight(page: Page, text: str) -> None:
    """Select a text of the page with the pointer, or in a field as a script does.

    Raises:
        BadAction: The text is not on the page, or the page does not let it be selected.
    """
    wanted = " ".join(text.split())
    for frame in page.frames:
        try:
            asked = frame.locator(f"branchwise=text;{wanted.encode('utf-16-be').hex()}")
            found = json.loads(await asked.text_content(timeout=1000) or "null")
        except Error:
            continue
        if found is None:
            continue
        if "left" in found and frame is page.main_frame:
            await page.mouse.move(found["left"], found["top"])
            await page.mouse.down()
            await page.mouse.move(found["right"], found["bottom"], steps=_STEPS)
            await page.mouse.up()
        again = frame.locator(f"branchwise=selected;{wanted.encode('utf-16-be').hex()}")
        if json.loads(await again.text_content(timeout=1000) or "null"):
            return
        raise BadAction(f"The page does not let `{wanted[:80]}` be selected.")
    raise BadAction(f"The text `{wanted[:80]}` is not on the page.")
