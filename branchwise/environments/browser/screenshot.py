"""Screenshots of a page: plain, or with a numbered box around each element (set-of-marks, arXiv 2310.11441)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Literal

from playwright.async_api import Browser, Error, FloatRect, Locator, Page

from branchwise.environments.browser.observation import Element
from branchwise.environments.browser.perform import located

Screenshot = Literal["none", "plain", "marks"]
_QUALITY = 60
_COLOURS = ("#c1121f", "#0a5fb4", "#137333", "#8e24aa", "#b35900", "#006d77")
_STYLE = """
    * { margin: 0; box-sizing: border-box; }
    div { position: absolute; border: 2px solid var(--c); }
    b { position: absolute; left: -2px; bottom: 100%; font: bold 12px/14px sans-serif; padding: 0 3px; color: white;
        background: var(--c); }
    .top b { bottom: auto; top: 0; }
"""


async def screenshot(
    page: Page, elements: Sequence[Element], kind: Screenshot, hidden: Sequence[Locator]
) -> bytes:
    """Take a JPEG of the visible part of the page.

    The marks are drawn on a copy, in a page of their own: the page that is looked at does not change and cannot
    meddle with them. An element's mark is its place in `elements`, from 1, which the text of the page says too; one
    that is scrolled out of sight has none.

    Args:
        page: The page in front.
        elements: The elements of its newest reading.
        kind: "plain" or "marks".
        hidden: What is painted over.
    """
    shot = await page.screenshot(type="jpeg", quality=_QUALITY, mask=hidden)
    size, browser = page.viewport_size, page.context.browser
    if kind != "marks" or size is None or browser is None:
        return shot
    boxes = await asyncio.gather(*(_box(page, element) for element in elements))
    seen = [
        (number, box)
        for number, box in enumerate(boxes, 1)
        if box and box["x"] + box["width"] > 0 and box["y"] + box["height"] > 0
        if box["x"] < size["width"] and box["y"] < size["height"]
    ]
    return await _drawn(browser, shot, seen, (size["width"], size["height"]))


async def _box(page: Page, element: Element) -> FloatRect | None:
    try:
        return await located(page, element).bounding_box(timeout=500)
    except Error:
        return None


async def _drawn(
    browser: Browser, shot: bytes, boxes: Iterable[tuple[int, FloatRect]], size: tuple[int, int]
) -> bytes:
    marks = "".join(_mark(number, box) for number, box in boxes)
    image = f"data:image/jpeg;base64,{b64encode(shot).decode()}"
    context = await browser.new_context(
        java_script_enabled=False, offline=True, viewport={"width": size[0], "height": size[1]}
    )
    try:
        easel = await context.new_page()
        await easel.set_content(f"<style>{_STYLE}</style><img src='{image}'>{marks}")
        return await easel.screenshot(type="jpeg", quality=_QUALITY)
    finally:
        await context.close()


def _mark(number: int, box: FloatRect) -> str:
    place = "; ".join(
        f"{name}: {value:.0f}px"
        for name, value in zip(
            ("left", "top", "width", "height"), (box["x"], box["y"], box["width"], box["height"]), strict=True
        )
    )
    colour = _COLOURS[number % len(_COLOURS)]
    at = "top" if box["y"] < 14 else ""
    return f"<div class='{at}' style='{place}; --c: {colour}'><b>{number}</b></div>"
