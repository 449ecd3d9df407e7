"""Choosing from lists that a page makes itself: opened, waited for, clicked and compared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from branchwise.environments.browser import pointer
from branchwise.environments.browser.actions import ParsedAction
from branchwise.environments.browser.elements import Element
from branchwise.environments.browser.observation import Page as Reading
from branchwise.environments.browser.reader.engine import located
from branchwise.environments.browser.windows import Windows
from branchwise.store.errors import BadAction

_OFFERED = frozenset(("option", "menuitem", "menuitemradio", "menuitemcheckbox", "treeitem"))
_WAITS = (0.0, 0.1, 0.3, 0.6)
"""Seconds between looks: lists that are fetched or that fade in come a little later."""


async def choose_shown(step: ParsedAction, windows: Windows, read: Callable[[], Awaitable[Reading]]) -> None:
    """Choose options of an ARIA combobox or listbox.

    Args:
        step: The action.
        windows: The session's.
        read: Reads the page when it has settled.

    Raises:
        BadAction: It does not offer the option, or did not take it.
        Error: It cannot be reached.
    """
    assert step.element is not None
    for said in step.options:
        reading = await read()
        option = _option(reading, said)
        if option is None:
            field = _again(reading, step.element)
            await pointer.click(field, located(windows.front, field.ref))
            option, reading = await _awaited(said, read)
        if option is None:
            offered = ", ".join(f"`{one.name[:40]}`" for one in reading.elements if one.role in _OFFERED)
            await windows.front.keyboard.press("Escape")
            raise BadAction(
                f"{step.element.address} has no option `{said[:80]}`; it offers {offered[:400] or 'none'}."
            )
        if not _chosen(option):
            await pointer.click(option, located(windows.front, option.ref))
        now = await read()
        left = _option(now, said)
        field = _again(now, step.element)
        held = f"{field.value} {field.name} {field.shows}".casefold()
        if left is not None and not _chosen(left) and said.casefold() not in held:
            windows.notes.append(f"- note: {step.element.address} does not say that `{said[:80]}` is chosen")


async def _awaited(said: str, read: Callable[[], Awaitable[Reading]]) -> tuple[Element | None, Reading]:
    reading = await read()
    for wait in _WAITS:
        if (option := _option(reading, said)) is not None:
            return option, reading
        await asyncio.sleep(wait)
        reading = await read()
    return _option(reading, said), reading


def _option(reading: Reading, said: str) -> Element | None:
    wanted = " ".join(said.split()).casefold()
    named = [one for one in reading.elements if one.role in _OFFERED and one.name.casefold() == wanted]
    return next((one for one in named if not one.disabled), None)


def _chosen(option: Element) -> bool:
    return option.checked or option.selected


def _again(reading: Reading, element: Element) -> Element:
    """The same element in a newer reading; its name may be what was chosen."""
    same = [one for one in reading.elements if (one.role, one.name) == (element.role, element.name)]
    if len(same) == element.of:
        return same[element.ordinal - 1]
    alike = [one for one in reading.elements if one.role == element.role and one.box[:2] == element.box[:2]]
    return alike[0] if alike else element
