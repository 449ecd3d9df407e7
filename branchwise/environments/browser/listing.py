"""The actions that a page offers, the most prominent first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

from branchwise.environments.browser.actions import ParsedAction, Verb
from branchwise.environments.browser.elements import Element, Option
from branchwise.environments.browser.observation import Page

_MOST_DRAGS = 100
_MOST_OPTIONS = 100
"""Options of one list, and drags of one page, that are proposed; any other can still be written."""


def listed(page: Page, phrases: Sequence[str], files: Mapping[str, object]) -> list[ParsedAction]:
    """The actions on the elements in view, then on those that are out of view, then on those behind something.

    Args:
        page: The reading.
        phrases: Texts to fill in.
        files: Files that may be uploaded.
    """
    order = sorted(page.elements, key=lambda one: (bool(one.cover), not one.in_view))
    found = [step for one in order if not one.disabled for step in _usual(one, phrases, files)]
    found += islice(_drags(page.elements), _MOST_DRAGS)
    above, below = page.scroll
    if below > 0 or page.more:
        found.append(ParsedAction(verb="scroll", said="down"))
    if above > 0:
        found.append(ParsedAction(verb="scroll", said="up"))
    for one in page.elements:
        if one.scroll is not None:
            ways = zip(("up", "down"), one.scroll, strict=True)
            found += [ParsedAction(verb="scroll", said=way, element=one) for way, left in ways if left > 4]
    return found


def _usual(one: Element, phrases: Sequence[str], files: Mapping[str, object]) -> Iterator[ParsedAction]:
    match verb := one.verbs[0]:
        case "fill":
            fills = [phrase for phrase in phrases if phrase != one.value]
            yield from (ParsedAction(verb="fill", element=one, said=phrase) for phrase in fills)
        case "select":
            options = [option for option in one.options[:_MOST_OPTIONS] if _can_be_chosen(one, option)]
            yield from (
                ParsedAction(verb="select", element=one, options=(option.name,)) for option in options
            )
        case "upload":
            yield from (ParsedAction(verb="upload", element=one, said=name) for name in files)
        case "check" | "uncheck":
            yield ParsedAction(verb=cast("Verb", verb), element=one)
    if verb in {"click", "upload"} or (verb == "fill" and _opens(one)):
        yield ParsedAction(verb="click", element=one)
    if "h" in one.listens and one.why != "r":
        yield ParsedAction(verb="hover", element=one)


def _can_be_chosen(one: Element, option: Option) -> bool:
    return not option.disabled and not (option.chosen and one.multiple)


def _opens(one: Element) -> bool:
    """Whether a click on a field may show something, such as a calendar."""
    return bool(one.looks_up or one.listens or one.readonly)


def _drags(elements: Sequence[Element]) -> Iterator[ParsedAction]:
    """What can be dragged, onto what takes drops, or else onto what can be dragged too, apart from what is inside it.

    What resizes something is dragged by pixels only, and its drags are not proposed.
    """
    moved = [one for one in elements if "drag" in one.verbs and one.why != "r" and not one.disabled]
    takers = [one for one in elements if "o" in one.listens]
    for one in moved:
        for goal in takers or (other for other in moved if not _within(one, other)):
            if goal is not one:
                yield ParsedAction(verb="drag", element=one, target=goal, said="to")


def _within(one: Element, other: Element) -> bool:
    """Whether one lies inside the other, such as the title of a dialog."""
    outer, inner = (one, other) if one.box[2] * one.box[3] > other.box[2] * other.box[3] else (other, one)
    left, top, width, height = outer.box
    x, y, across, down = inner.box
    inside = left <= x and top <= y and x + across <= left + width and y + down <= top + height
    return inside and outer.box != inner.box
