"""Screenshots of a page: plain, or with a numbered box around each element (set-of-marks, arXiv 2310.11441)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Literal

from playwright.async_api import Browser, Locator, Page

from branchwise.environments.browser.elements import Element

Screenshot = Literal["none", "plain", "marks"]
_Box = tuple[int, int, int, int]
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
    seen = [
        (number, one.box)
        for number, one in enumerate(elements, 1)
        if one.box[2] > 0 and one.box[3] > 0 and one.box[0] + one.box[2] > 0 and one.box[1] + one.box[3] > 0
        if one.box[0] < size["width"] and one.box[1] < size["height"]
    ]
    return await _drawn(browser, shot, seen, (size["width"], size["height"]))


async def _drawn(
    browser: Browser, shot: bytes, boxes: Iterable[tuple[int, _Box]], size: tuple[int, int]
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


def _mark(number: int, box: _Box) -> str:
    names = ("left", "top", "width", "height")
    place = "; ".join(f"{name}: {value}px" for name, value in zip(names, box, strict=True))
    colour = _COLOURS[number % len(_COLOURS)]
    at = "top" if box[1] < 14 else ""
    return f"<div class='{at}' style='{place}; --c: {colour}'><b>{number}</b></div>"
