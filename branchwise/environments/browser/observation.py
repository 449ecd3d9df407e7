"""Observations of a page: accessibility tree as text, elements by role, name and ordinal, fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

_MENU = ("menuitem", "menuitemcheckbox", "menuitemradio")
CLICKABLE = frozenset(["button", "link", "checkbox", "radio", "tab", "switch", "option", "treeitem", *_MENU])
FILLABLE = frozenset(["textbox", "searchbox", "spinbutton"])
CHOOSABLE = frozenset(("combobox", "listbox"))
_MASK = "••••"
_MOST = 12_000
"""Characters of a page that an agent reads; about 3,840 tokens (arXiv 2407.01476, appendix A)."""

_LINE = re.compile(
    r"""(?P<indent>\ *)-\ (?P<role>[a-z]+)
        (?:\ (?P<name>"(?:[^"\\]|\\.)*"))?
        (?P<marks>(?:\ \[[^\[\]]*\])*)
        (?P<colon>:)?(?:\ (?P<value>.*))?""",
    re.VERBOSE | re.DOTALL,
)
_REF = re.compile(r"\[ref=([a-z0-9]+)\]")
_VOLATILE = (
    (re.compile(r"\b\d+ (?:second|minute|hour|day|week)s? ago\b"), "some time ago"),
    (re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?\b", re.IGNORECASE), "a time"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,}\b"), "an id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """An element that can be acted on; its address is the same in every session."""

    role: str
    name: str
    ordinal: int = 1
    """Which one of those with the same role and name, from 1, in document order."""
    of: int = 1
    """How many there are."""
    ref: str = ""
    """Playwright's own name; valid for this one snapshot only."""
    value: str = ""
    disabled: bool = False
    options: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Role, name and, where there are more of them, the ordinal: `button "Add" #2 of 3`."""
        named = f"{self.role} {json.dumps(self.name, ensure_ascii=False)}" if self.name else self.role
        return named if self.of == 1 else f"{named} #{self.ordinal} of {self.of}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One reading of a page."""

    text: str
    elements: tuple[Element, ...]
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    depth: int
    role: str
    name: str
    marks: str
    value: str


def observation(
    aria: str, url: str, *, passwords: Iterable[str] = (), tabs: str = "", numbered: bool = False
) -> Page:
    """Read Playwright's accessibility snapshot (mode "ai").

    Args:
        aria: The snapshot; its lines are data of the page, its structure is Playwright's.
        url: Where the page is.
        passwords: What stands in password fields now; masked in the text.
        tabs: What else tells this state from others, such as the open tabs.
        numbered: Whether the text says each element's number, as a picture with marks does.
    """
    rows = _masked([row for line in aria.splitlines() if (row := _row(line)) is not None], set(passwords))
    elements = _numbered(_elements(rows))
    text = "\n".join(_shown(rows, elements))
    seen = f"{steady_url(url)}\n{tabs}\n{text}"
    for volatile, steady in _VOLATILE:
        seen = volatile.sub(steady, seen)
    if numbered:
        text = "\n".join(_shown(rows, elements, numbered=True))
    fingerprint = hashlib.blake2b(seen.encode(), digest_size=12).hexdigest()
    cut = text if len(text) <= _MOST else text[:_MOST] + f"\n… {len(text) - _MOST} more characters"
    return Page(text=cut, elements=tuple(element for _, element in elements), fingerprint=fingerprint)


def steady_url(url: str) -> str:
    """The URL without an empty fragment, which scripts may add."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path or "/"))


def _row(line: str) -> _Row | None:
    indent = len(line) - len(line.lstrip(" "))
    body = line[indent:]
    if body.startswith("- '"):
        # YAML quotes a key that holds a colon; a doubled quote inside stands for one.
        key = re.match(r"- '((?:[^']|'')*)'", body)
        if key is None:
            return None
        body = "- " + key[1].replace("''", "'") + body[key.end() :]
    found = _LINE.fullmatch(" " * indent + body)
    if found is None:
        return None
    value = found["value"] or ""
    return _Row(
        depth=indent // 2,
        role=found["role"],
        name=_unquoted(found["name"] or ""),
        marks=found["marks"],
        value=_unquoted(value) if found["colon"] else "",
    )


def _unquoted(written: str) -> str:
    if not written.startswith('"'):
        return " ".join(written.split())
    try:
        said = json.loads(written)
    except json.JSONDecodeError:
        said = written.strip('"')
    return " ".join(str(said).split())


def _masked(rows: Sequence[_Row], passwords: set[str]) -> list[_Row]:
    return [
        replace(row, value=_MASK) if row.role in FILLABLE and row.value and row.value in passwords else row
        for row in rows
    ]


def _elements(rows: Sequence[_Row]) -> list[tuple[int, Element]]:
    """The actionable rows, each with its index among all rows."""
    found = []
    for index, row in enumerate(rows):
        ref = _REF.search(row.marks)
        pointer = row.role in {"generic", "img", "cell", "listitem"} and "[cursor=pointer]" in row.marks
        if ref is None or not (pointer or row.role in CLICKABLE | FILLABLE | CHOOSABLE):
            continue
        below = _below(rows, index)
        if pointer and any("[cursor=pointer]" in child.marks for child in below):
            continue
        name = row.name or (_said(row, below) if row.role not in FILLABLE | CHOOSABLE else "")
        options = tuple(child.name for child in below if child.role == "option")
        element = Element(
            role=row.role,
            name=name[:120],
            ref=ref[1],
            value=row.value,
            disabled="[disabled]" in row.marks,
            options=options if row.role in CHOOSABLE else (),
        )
        found.append((index, element))
    return found


def _below(rows: Sequence[_Row], index: int) -> list[_Row]:
    below = []
    for row in rows[index + 1 :]:
        if row.depth <= rows[index].depth:
            break
        below.append(row)
    return below


def _said(row: _Row, below: Sequence[_Row]) -> str:
    return " ".join(part for part in (row.value, *(c.name or c.value for c in below)) if part)


def _numbered(found: Sequence[tuple[int, Element]]) -> list[tuple[int, Element]]:
    total = Counter((element.role, element.name) for _, element in found)
    seen: Counter[tuple[str, str]] = Counter()
    numbered = []
    for index, element in found:
        kind = (element.role, element.name)
        seen[kind] += 1
        numbered.append((index, replace(element, ordinal=seen[kind], of=total[kind])))
    return numbered


def _shown(
    rows: Sequence[_Row], elements: Sequence[tuple[int, Element]], *, numbered: bool = False
) -> Iterable[str]:
    addressed = dict(elements)
    numbers = {index: f"[{number}] " for number, (index, _) in enumerate(elements, 1)} if numbered else {}
    for index, row in enumerate(rows):
        if row.role == "generic" and not row.value and index not in addressed:
            continue
        element = addressed.get(index)
        quoted = f" {json.dumps(row.name, ensure_ascii=False)}" if row.name else ""
        line = element.address if element else f"{row.role}{quoted}"
        marks = re.sub(r" \[(?:ref|cursor)=[^\]]*\]| \[active\]", "", row.marks)
        value = f": {row.value}" if row.value and not (element and row.value == element.name) else ""
        yield f"{'  ' * min(row.depth, 8)}- {numbers.get(index, '')}{line}{marks}{value}"
