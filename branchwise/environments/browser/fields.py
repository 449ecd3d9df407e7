"""Fields: a value is checked before it is put in, and what the field made of it is compared with what was asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date, datetime, time

from playwright.async_api import Error, Locator

from branchwise.environments.browser.elements import Element
from branchwise.store.errors import BadAction

_FORMS: dict[str, tuple[str, re.Pattern[str], Callable[[str], object]]] = {
    "date": ("yyyy-mm-dd", re.compile(r"\d{4}-\d{2}-\d{2}"), date.fromisoformat),
    "time": ("hh:mm", re.compile(r"\d{2}:\d{2}(?::\d{2})?"), time.fromisoformat),
    "datetime-local": (
        "yyyy-mm-ddThh:mm",
        re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?"),
        datetime.fromisoformat,
    ),
    "month": ("yyyy-mm", re.compile(r"\d{4}-(?:0[1-9]|1[0-2])"), str),
    "week": ("yyyy-Www", re.compile(r"\d{4}-W(?:0[1-9]|[1-4]\d|5[0-3])"), str),
    "color": ("#rrggbb", re.compile(r"#[0-9a-fA-F]{6}"), str),
}
_WITH_LIMITS = frozenset(("date", "time", "datetime-local", "month", "week"))
_MOST_KEYS = 300
"""Presses of an arrow key that a slider may take."""


def refused(element: Element, text: str) -> str:
    """Why a field would not take a text; empty if nothing is against it."""
    low, high, _ = element.limits
    if text and (known := _FORMS.get(element.kind)) is not None:
        form, written, read = known
        try:
            right = written.fullmatch(text) is not None and bool(read(text) or True)
        except ValueError:
            right = False
        if not right:
            return f"it takes {form}"
        if element.kind in _WITH_LIMITS and ((low and text < low) or (high and text > high)):
            return f"it takes {low or '…'} to {high or '…'}"
    if text and (element.kind in {"number", "range"} or element.role == "slider"):
        value = number(text)
        if value is None:
            return "it takes a number"
        least, most = number(low), number(high)
        if (least is not None and value < least) or (most is not None and value > most):
            return f"it takes {low or '…'} to {high or '…'}"
    if element.longest is not None and 0 <= element.longest < len(text):
        return f"it takes {element.longest} characters at most"
    return ""


def number(text: str) -> float | None:
    """The number that a text is, or None."""
    return float(text) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", text.strip()) else None


async def fill(element: Element, place: Locator, text: str, *, hidden: bool) -> str:
    """Put a text into a field and compare.

    Args:
        element: The field.
        place: Where it is.
        text: The text, with secrets in it.
        hidden: Whether the text must not be repeated.

    Returns:
        What the field made of it, where that is another text; else nothing.

    Raises:
        BadAction: The field did not take it.
        Error: It cannot be reached.
    """
    if element.role in {"slider", "spinbutton"} and not element.kind:
        return await _slide(element, place, text)
    # Scripts that look suggestions up listen for keys, which filling alone does not press.
    typed = (
        element.looks_up
        and element.kind not in {*_FORMS, "number", "range", "editing"}
        and text[-1:].isprintable()
    )
    await place.fill(text[:-1] if typed and text else text)
    if typed and text:
        await place.press_sequentially(text[-1])
    try:
        now = await (place.inner_text() if element.kind == "editing" else place.input_value(timeout=1000))
    except Error:
        # The page went on by itself, as a code field does that sends its form when it is full.
        return ""
    if _same(element, now, text):
        return ""
    if not now.strip():
        raise BadAction(f"{element.address} did not take it and is empty now.")
    if now == element.value and not hidden:
        raise BadAction(f"{element.address} did not take it and still holds `{now[:80]}`.")
    return "another text" if hidden or element.secret else " ".join(now.split())[:80]


def _same(element: Element, now: str, text: str) -> bool:
    if element.kind in {"number", "range"}:
        return number(now) == number(text)
    return " ".join(now.split()).casefold() == " ".join(text.split()).casefold()


async def _slide(element: Element, place: Locator, text: str) -> str:
    """Set a slider of the page's own making by its arrow keys, as ARIA wants it to be set."""
    wanted = number(text)
    assert wanted is not None  # `refused` has looked
    await place.focus()
    at, far = await _now(place), None
    for _ in range(_MOST_KEYS):
        if at is None or at == wanted or (far is not None and abs(at - wanted) >= far):
            break
        far = abs(at - wanted)
        await place.press("ArrowRight" if at < wanted else "ArrowLeft")
        at = await _now(place)
    if at != wanted:
        # One step too far is taken back: the nearest value that it can have is where it was before.
        if at is not None and far is not None and abs(at - wanted) > far:
            await place.press("ArrowLeft" if at > wanted else "ArrowRight")
        held = "no number" if at is None else f"{await _now(place):g}"
        raise BadAction(f"{element.address} cannot be set to {text}; it holds {held}.")
    return ""


async def _now(place: Locator) -> float | None:
    return number(await place.get_attribute("aria-valuenow") or "")


async def choose(element: Element, place: Locator, options: tuple[str, ...]) -> None:
    """Choose options of a native list; one more of several is added, two or more replace the choice.

    Raises:
        BadAction: The list did not take them.
        Error: It cannot be reached.
    """
    names = [one.name for one in element.options]
    kept = (
        [one.name for one in element.options if one.chosen] if element.multiple and len(options) == 1 else []
    )
    wanted = {names.index(name) for name in (*kept, *options)}
    await place.select_option(index=sorted(wanted))
    try:
        now = await place.evaluate(
            "list => [...list.options].flatMap((one, at) => one.selected ? [at] : [])", timeout=1000
        )
    except Error:
        # Choosing led to another page.
        return
    if set(now) != wanted:
        held = ", ".join(f"`{names[at]}`" for at in now if at < len(names)) or "nothing"
        raise BadAction(f"{element.address} did not take it; {held} is chosen.")


async def ticked(element: Element, place: Locator, wanted: bool) -> None:
    """Compare a box with what was asked, and give its scripts a moment.

    Raises:
        BadAction: It is not as asked.
    """
    for wait in (0, 0.05, 0.2, 0.5):
        await asyncio.sleep(wait)
        try:
            if await place.is_checked(timeout=500) is wanted:
                return
        except Error:
            # It is gone: clicking it led to another page.
            return
    raise BadAction(f"{element.address} is still {'not ' if wanted else ''}checked after the click.")
