"""Elements that can be acted on: their addresses, equal in every session, and what can be done with them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypedDict

FIELDS = frozenset(("textbox", "searchbox", "spinbutton"))
TICKED = frozenset(("checkbox", "radio", "switch", "menuitemcheckbox", "menuitemradio"))
CHOICES = frozenset(("combobox", "listbox"))


class Form(TypedDict):
    """The form, method and link of an element, read from the DOM.

    A page can lie in it, which is why writes are held at the network too.
    """

    submits: bool
    """Whether activating it sends a form."""
    method: str
    """The form's method in lower case; empty without a form."""
    target: str
    """Where the form or the link leads."""
    file: bool
    """Whether it opens a file chooser."""
    types: NotRequired[bool]
    """Whether it is a field in which a space is a space."""


NO_FORM = Form(submits=False, method="", target="", file=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One of the choices of a list."""

    name: str
    chosen: bool = False
    disabled: bool = False


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
    """The reader's own name; valid for this one reading only."""
    value: str = ""
    disabled: bool = False
    readonly: bool = False
    options: tuple[Option, ...] = ()
    multiple: bool = False
    """Whether several options can be chosen."""
    shows: str = ""
    """The text that is seen, where the name for assistive tools says something else."""
    cover: str = ""
    """What lies over it, so that it cannot be clicked."""
    in_view: bool = True
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Left, top, width and height in pixels, from the top left of what is in view."""
    press_at: tuple[int, int] | None = None
    """Where to press, in pixels from its top left, where its middle is not free."""
    why: str = "w"
    """Why it can be acted on: w widget, c handler, p pointer, d dragging, r resizing, h hovering, s scrolling, x a
    picture."""
    kind: str = ""
    """The type of an `input`, or select, textarea, editing."""
    limits: tuple[str, str, str] = ("", "", "")
    """Least value, greatest value and step."""
    longest: int | None = None
    """Most characters that it takes."""
    checked: bool = False
    selected: bool = False
    secret: bool = False
    suggests: bool = False
    """Whether it looks suggestions up while one types."""
    listens: str = ""
    """What its own listeners hear: c clicks, d drags, o drops, h hovering, k keys."""
    scroll: tuple[int, int] | None = None
    """Pixels above and below what is seen of what it scrolls."""
    form: Form | None = None
    """What a click sends."""

    @property
    def address(self) -> str:
        """Role, name and, where there are more of them, the ordinal: `button "Add" #2 of 3`."""
        named = f"{self.role} {json.dumps(self.name, ensure_ascii=False)}" if self.name else self.role
        return named if self.of == 1 else f"{named} #{self.ordinal} of {self.of}"

    @property
    def verbs(self) -> tuple[str, ...]:
        """What can be done with it, the most usual first; the only place that knows."""
        if self.disabled:
            return ("hover",)
        usual = self._usual()
        more = [
            *(["drag"] if "d" in self.listens or self.why in "dr" else []),
            *(["scroll"] if self.scroll else []),
            *(["click", "hover"] if self.why != "s" else []),
        ]
        return tuple(dict.fromkeys([*usual, *more]))

    @property
    def looks_up(self) -> bool:
        """Whether suggestions may appear a moment after it is filled in."""
        return self.suggests or "k" in self.listens or self.role in {"combobox", "searchbox"}

    @property
    def checkable(self) -> bool:
        """Whether it can be checked."""
        return self.role in TICKED

    def _usual(self) -> list[str]:
        if self.role in {"checkbox", "switch", "menuitemcheckbox"}:
            return ["uncheck" if self.checked else "check"]
        if self.kind == "select" or (self.role in CHOICES and self.options):
            return ["select"]
        if self.fillable:
            return ["fill", "click", *(["select"] if self.role == "combobox" else [])]
        if self.kind == "file":
            return ["upload"]
        return [] if self.why in "sdr" else ["click"]

    @property
    def fillable(self) -> bool:
        """Whether text or a number can be put in."""
        typed = self.role in FIELDS or self.role == "slider" or self.kind in {"textarea", "editing"}
        return not self.readonly and (typed or (self.role == "combobox" and self.kind not in {"", "select"}))


def elements(rows: Iterable[Mapping[str, Any]]) -> list[tuple[int, Element]]:
    """The elements of a reading, each with its index among the rows."""
    return _numbered([(index, _element(row)) for index, row in enumerate(rows) if "ref" in row])


def _element(row: Mapping[str, Any]) -> Element:
    limits = row.get("l", ("", "", ""))
    return Element(
        role=row["r"],
        name=row["n"],
        ref=row["ref"],
        value=row["v"],
        disabled="disabled" in row["m"],
        readonly="readonly" in row["m"],
        options=tuple(
            Option(name=name, chosen=chosen, disabled=off) for name, chosen, off in row.get("o", ())
        ),
        multiple=bool(row.get("mu")),
        shows=row.get("sh", ""),
        cover=row.get("c", ""),
        in_view=bool(row["i"]),
        box=tuple(row["b"]),
        press_at=tuple(row["p"]) if "p" in row else None,
        why=row["w"],
        kind=row.get("k", ""),
        limits=(limits[0], limits[1], limits[2]),
        longest=row.get("ml"),
        checked=bool(row.get("ck")),
        selected="selected" in row["m"],
        secret=bool(row.get("s")),
        suggests=bool(row.get("a")),
        listens=row["x"],
        scroll=tuple(row["sc"]) if "sc" in row else None,
        form=row.get("f"),
    )


def _numbered(found: Sequence[tuple[int, Element]]) -> list[tuple[int, Element]]:
    total = Counter((element.role, element.name) for _, element in found)
    seen: Counter[tuple[str, str]] = Counter()
    numbered = []
    for index, element in found:
        kind = (element.role, element.name)
        seen[kind] += 1
        numbered.append((index, replace(element, ordinal=seen[kind], of=total[kind])))
    return numbered
