"""Actions on a page: one line each, parsed strictly, with elements named as the page names them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from branchwise.environments.browser.observation import Element
from branchwise.store.errors import BadAction

Verb = Literal["click", "fill", "select", "hover", "press", "scroll", "goto", "back", "tab", "stop"]
_VERBS = get_args(Verb)
_ON_ELEMENT = ("click", "fill", "select", "hover")
KEYS = (
    "Enter",
    "Escape",
    "Tab",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Backspace",
    "PageDown",
    "PageUp",
)
_LONGEST = 4000

_TEXT = r'"(?:[^"\\]|\\.)*"'
_NAMED = rf"(?P<role>[a-z]+)(?: (?P<name>{_TEXT}))?(?: #(?P<ordinal>\d+)(?: of (?P<of>\d+))?)?"
_PLACE = rf"(?:\[(?P<mark>\d{{1,4}})\]|{_NAMED})"
_FORMS = {
    "click": re.compile(rf"click {_PLACE}"),
    "hover": re.compile(rf"hover {_PLACE}"),
    "fill": re.compile(rf"fill {_PLACE} with (?P<said>{_TEXT})"),
    "select": re.compile(rf"select {_PLACE} option (?P<said>{_TEXT})"),
    "press": re.compile(rf"press (?P<said>{'|'.join(KEYS)})"),
    "scroll": re.compile(r"scroll (?P<said>up|down)"),
    "goto": re.compile(r"goto (?P<said>https?://\S+)"),
    "back": re.compile(r"back"),
    "tab": re.compile(r"tab (?P<said>[1-9])"),
    "stop": re.compile(rf"stop (?P<said>{_TEXT})"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedAction:
    """A parsed action."""

    verb: Verb
    element: Element | None = None
    """Where the verb acts on one, as it is named on the present page."""
    said: str = ""
    """Text, option, key, direction, address, tab number or answer."""

    @property
    def line(self) -> str:
        """The canonical line."""
        place = f" {self.element.address}" if self.element else ""
        quoted = json.dumps(self.said, ensure_ascii=False)
        match self.verb:
            case "fill":
                return f"fill{place} with {quoted}"
            case "select":
                return f"select{place} option {quoted}"
            case "stop":
                return f"stop {quoted}"
            case "click" | "hover":
                return f"{self.verb}{place}"
            case _:
                return f"{self.verb} {self.said}".strip()


def actions(line: str, elements: Sequence[Element]) -> ParsedAction:
    """Parse a line against the elements of the current page.

    Roles and names must be those of an element that is there; case and spaces of names do not matter. Where
    several carry the name, the line must say which, and their number must be the same as it says. A mark such as
    `click [7]` is taken for the element's address, which is what the action keeps.

    Raises:
        BadAction: The line is no action, or its element is missing, ambiguous or disabled.
    """
    line = line.strip()
    verb = line.split(" ", 1)[0]
    if verb not in _VERBS or len(line) > _LONGEST or "\n" in line:
        raise BadAction(f"`{line[:80]}` is no action; actions begin with {', '.join(_VERBS)}.")
    found = _FORMS[verb].fullmatch(line)
    if found is None:
        raise BadAction(f"`{line[:200]}` is not written as a `{verb}` is.")
    parts = found.groupdict()
    said = parts.get("said") or ""
    if said.startswith('"'):
        said = _text(said, line)
    known = cast("Verb", verb)
    if verb not in _ON_ELEMENT:
        return ParsedAction(verb=known, said=said)
    element = _marked(parts["mark"], elements, line) if parts["mark"] else _find(parts, elements, line)
    if element.disabled:
        raise BadAction(f"`{line[:200]}`: it is disabled.")
    if verb == "select" and not any(_same(said, option) for option in element.options):
        raise BadAction(f"{element.address} has no option `{said[:80]}`.")
    if verb == "select":
        said = next(option for option in element.options if _same(said, option))
    return ParsedAction(verb=known, element=element, said=said)


def _find(parts: dict[str, str | None], elements: Sequence[Element], line: str) -> Element:
    name = _text(parts["name"], line) if parts["name"] else ""
    named = [e for e in elements if e.role == parts["role"] and _same(e.name, name)]
    if not named:
        raise BadAction(f"`{line[:200]}`: there is no such element on the page.")
    ordinal, of = parts["ordinal"], parts["of"]
    if ordinal is None and len(named) > 1:
        raise BadAction(
            f"`{line[:200]}`: there are {len(named)} of them; say which, such as `#1 of {len(named)}`."
        )
    if of is not None and int(of) != len(named):
        raise BadAction(f"`{line[:200]}`: there are {len(named)} of them now, not {of}.")
    if ordinal is not None and not 1 <= int(ordinal) <= len(named):
        raise BadAction(f"`{line[:200]}`: there are only {len(named)} of them.")
    return named[int(ordinal or 1) - 1]


def _marked(mark: str, elements: Sequence[Element], line: str) -> Element:
    if not 1 <= int(mark) <= len(elements):
        raise BadAction(f"`{line[:200]}`: there are only {len(elements)} marks.")
    return elements[int(mark) - 1]


def _text(quoted: str, line: str) -> str:
    try:
        return str(json.loads(quoted))
    except json.JSONDecodeError as error:
        raise BadAction(f"`{line[:200]}`: {quoted[:80]} is not a quoted text ({error.msg}).") from error


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
