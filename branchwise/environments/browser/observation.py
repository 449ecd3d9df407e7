"""Observations of a page: its rows as text, a window of them where there are too many, and the fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from branchwise.environments.browser.elements import Element, elements

_MOST = 12_000
"""Characters of a page that an agent reads; about 3,840 tokens (arXiv 2407.01476, appendix A)."""
_MOST_OPTIONS = 30
_VOLATILE = (
    (re.compile(r"\b\d+ (?:second|minute|hour|day|week)s? ago\b"), "some time ago"),
    (re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?\b", re.IGNORECASE), "a time"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,}\b"), "an id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One reading of a page."""

    text: str
    elements: tuple[Element, ...]
    fingerprint: str
    title: str = ""
    active: Element | None = None
    """What has the focus."""
    enter: Mapping[str, Any] | None = None
    """What pressing Enter would send, where that is no element of the list."""
    scroll: tuple[int, int] = (0, 0)
    """Pixels above and below what is in view."""
    skipped: int = 0
    shown: int = 0
    """How many rows the text shows, from `skipped` on in the order of reading."""
    more: int = 0
    """How many rows could still be shown."""
    lines: tuple[str, ...] = ()
    """All lines, without times and ids: what identity compares."""

    @property
    def places(self) -> tuple[object, ...]:
        """Where everything that scrolls stands, and how much of it there is."""
        return (self.scroll, *((one.address, one.scroll, one.box) for one in self.elements))


def observation(
    rows: Sequence[Mapping[str, Any]],
    url: str,
    *,
    tabs: str = "",
    numbered: bool = False,
    skipped: int = 0,
    left: int = 0,
    scroll: tuple[int, int] = (0, 0),
) -> Page:
    """Make the observation of a reading.

    A page that is too long for one text is shown from what is in view on; what is left out is said, and scrolling
    leads to it.

    Args:
        rows: The rows of the reading.
        url: Where the page is.
        tabs: What else tells this state from others, such as the open tabs.
        numbered: Whether the text says each element's number, as a picture with marks does.
        skipped: Rows to pass over, where what is in view is itself too long for one text.
        left: Elements that the reading left out.
        scroll: Pixels above and below what is in view.
    """
    found = elements(rows)
    lines = _lines(rows, found)
    whole = "\n".join(lines)
    ahead, before = _order(rows)
    order = [*ahead, *before]
    kept = range(len(lines)) if len(whole) <= _MOST else _window(lines, order, skipped)
    # What is above was in view before, unless the page stands at its top.
    more = len(set(order if scroll[0] == 0 else ahead).difference(kept, order[:skipped]))
    seen = f"{steady_url(url)}\n{tabs}\n{whole}"
    if len(kept) < len(lines):
        seen += "\n" + "\n".join(lines[index] for index in kept)
    fingerprint = hashlib.blake2b(_steady(seen).encode(), digest_size=12).hexdigest()
    shown = _lines(rows, found, numbered=True) if numbered else lines
    notes = [f"- note: the page is too large; {left} of its elements were not read"] if left else []
    return Page(
        text="\n".join([*notes, *_told(shown, kept, {index for index, _ in found})]),
        lines=tuple(_steady(line) for line in lines),
        elements=tuple(element for _, element in found),
        fingerprint=fingerprint,
        skipped=skipped,
        shown=len(kept),
        more=more,
        scroll=scroll,
    )


def _steady(text: str) -> str:
    for volatile, steady in _VOLATILE:
        text = volatile.sub(steady, text)
    return text


def steady_url(url: str) -> str:
    """The URL without an empty fragment, which scripts may add."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path or "/"))


def shown_url(url: str) -> str:
    """The URL without a user's name and password, which a link may carry."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _order(rows: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[int]]:
    """The rows in the order in which they are read: those in view and after it; those before."""
    view = [index for index, row in enumerate(rows) if row["i"]]
    last = view[-1] if view else -1
    inside = set(view)
    after = list(range(last + 1, len(rows)))
    before = [index for index in range(last, -1, -1) if index not in inside]
    return [*view, *after], before


def _window(lines: Sequence[str], order: Sequence[int], skipped: int) -> list[int]:
    """The rows that one text has room for."""
    kept: list[int] = []
    room = _MOST
    for index in order[skipped:]:
        room -= len(lines[index]) + 1
        if room < 0 and kept:
            break
        kept.append(index)
    return sorted(kept)


def _told(lines: Sequence[str], kept: Sequence[int], actionable: set[int]) -> list[str]:
    """The kept lines, and between them how much is left out."""
    told, at = [], 0
    for index in [*kept, len(lines)]:
        if index > at:
            things = sum(1 for one in range(at, index) if one in actionable)
            told.append(f"- … {index - at} lines with {things} elements are not shown here; scroll to them")
        if index < len(lines):
            told.append(lines[index])
        at = index + 1
    return told


def _lines(
    rows: Sequence[Mapping[str, Any]], found: Sequence[tuple[int, Element]], *, numbered: bool = False
) -> list[str]:
    addressed = dict(found)
    numbers = {index: f"[{number}] " for number, (index, _) in enumerate(found, 1)} if numbered else {}
    return [
        f"{'  ' * min(row['d'], 8)}- {numbers.get(index, '')}{_line(row, addressed.get(index))}"
        for index, row in enumerate(rows)
    ]


def _line(row: Mapping[str, Any], element: Element | None) -> str:
    name = row.get("n", "")
    quoted = f" {json.dumps(name, ensure_ascii=False)}" if name else ""
    parts = [element.address if element else f"{row['r']}{quoted}"]
    parts += [f"[{mark}]" for mark in row.get("m", ())]
    if element is not None:
        parts += _facts(element)
    if row.get("h"):
        parts.append(f"(hint: {json.dumps(row['h'], ensure_ascii=False)})")
    value = f": {row['v']}" if row["v"] and not (element and row["v"] == element.name) else ""
    return " ".join(parts) + value


def _facts(element: Element) -> list[str]:
    facts = []
    if element.shows:
        facts.append(f"(shows {json.dumps(element.shows, ensure_ascii=False)})")
    if element.options:
        names = ", ".join(json.dumps(one.name, ensure_ascii=False) for one in element.options[:_MOST_OPTIONS])
        rest = len(element.options) - _MOST_OPTIONS
        several = "several of" if element.multiple else "options"
        facts.append(f"({several}: {names}{f' and {rest} more' if rest > 0 else ''})")
    if element.role in {"slider", "spinbutton"} and (element.limits[0] or element.limits[1]):
        facts.append(f"(from {element.limits[0] or '…'} to {element.limits[1] or '…'})")
    if element.cover:
        facts.append(f"(behind {element.cover})")
    if element.scroll:
        above, below = element.scroll
        ends = [word for pixels, word in ((above, "more above"), (below, "more below")) if pixels > 4]
        facts.append(f"({', '.join(ends)})")
    return facts
