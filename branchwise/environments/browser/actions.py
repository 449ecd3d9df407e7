"""Actions on a page: one line each, parsed strictly, with elements named as the page names them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from branchwise.environments.browser.elements import Element
from branchwise.store.errors import BadAction

Verb = Literal[
    "click",
    "fill",
    "select",
    "check",
    "uncheck",
    "hover",
    "drag",
    "press",
    "type",
    "scroll",
    "highlight",
    "upload",
    "wait",
    "goto",
    "back",
    "tab",
    "stop",
]
_VERBS = get_args(Verb)
_KEY = (
    r"(?:Shift\+)?(?:Enter|Escape|Tab|Space|Backspace|Delete|Home|End|PageUp|PageDown|Arrow(?:Up|Down|Left|Right))"
    r"|Control\+(?:[ABCIUVXYZ]|Enter|Home|End)"
)
_LONGEST = 4000
_MOST_AWAY = 4000
"""Pixels that something may be dragged by."""

_TEXT = r'"(?:[^"\\]|\\.)*"'


def _place(at: str = "") -> str:
    named = (
        rf"(?P<role{at}>[a-z]+)(?: (?P<name{at}>{_TEXT}))?(?: #(?P<ordinal{at}>\d+)(?: of (?P<of{at}>\d+))?)?"
    )
    return rf"(?:\[(?P<mark{at}>\d{{1,4}})\]|{named})"


_FORMS = {
    "click": re.compile(rf"click {_place()}(?: at (?P<across>\d{{1,3}})% (?P<down>\d{{1,3}})%)?"),
    "hover": re.compile(rf"hover {_place()}"),
    "check": re.compile(rf"check {_place()}"),
    "uncheck": re.compile(rf"uncheck {_place()}"),
    "fill": re.compile(rf"fill {_place()} with (?P<said>{_TEXT})"),
    "select": re.compile(rf"select {_place()} option (?P<said>{_TEXT}(?: and {_TEXT})*)"),
    "drag": re.compile(
        rf"drag {_place()} (?:by (?P<across>-?\d{{1,4}}) (?P<down>-?\d{{1,4}})|(?P<said>to|before|after) {_place('2')})"
    ),
    "press": re.compile(rf"press (?P<said>{_KEY})"),
    "type": re.compile(rf"type (?P<said>{_TEXT})"),
    "scroll": re.compile(rf"scroll (?P<said>up|down)(?: in {_place()})?"),
    "highlight": re.compile(rf"highlight (?P<said>{_TEXT})"),
    "upload": re.compile(rf"upload {_place()} file (?P<said>{_TEXT})"),
    "wait": re.compile(r"wait"),
    "goto": re.compile(r"goto (?P<said>https?://\S+)"),
    "back": re.compile(r"back"),
    "tab": re.compile(r"tab (?P<said>[1-9])"),
    "stop": re.compile(rf"stop (?P<said>{_TEXT})"),
}


SHOWN_FORMS = """click ROLE "NAME"
fill ROLE "NAME" with "TEXT"
select ROLE "NAME" option "OPTION"
check ROLE "NAME" (or uncheck)
drag ROLE "NAME" to ROLE "NAME"
hover ROLE "NAME"
press Enter
type "TEXT"
highlight "TEXT"
scroll down (or up), scroll down in ROLE "NAME"
upload ROLE "NAME" file "FILE"
wait
goto URL
back
tab NUMBER
stop "ANSWER\""""
"""The forms as an agent is shown them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedAction:
    """A parsed action."""

    verb: Verb
    element: Element | None = None
    """Where the verb acts on one, as it is named on the present page."""
    said: str = ""
    """Text, key, direction, file, address, tab number, answer, or where something is dragged: to, before, after."""
    options: tuple[str, ...] = ()
    """What is chosen of a list."""
    target: Element | None = None
    """Where something is dragged to."""
    by: tuple[int, int] | None = None
    """How far something is dragged, in pixels; where a click lands, in per cent of the element."""

    @property
    def leads_to(self) -> str:
        """The address that this goes to by an address bar or a link; empty where that is not known."""
        if self.verb == "goto":
            return self.said
        link = self.element if self.verb == "click" else None
        if link is None or link.role != "link" or link.cover or link.form is None or link.form["submits"]:
            return ""
        return link.form["target"]

    @property
    def line(self) -> str:
        """The canonical line."""
        place = f" {self.element.address}" if self.element else ""
        match self.verb:
            case "fill":
                rest = f"{place} with {_quoted(self.said)}"
            case "select":
                rest = f"{place} option {' and '.join(_quoted(one) for one in self.options)}"
            case "upload":
                rest = f"{place} file {_quoted(self.said)}"
            case "stop" | "type" | "highlight":
                rest = f" {_quoted(self.said)}"
            case "drag" | "click" if self.by is not None:
                unit, word = ("", "by") if self.verb == "drag" else ("%", "at")
                rest = f"{place} {word} {self.by[0]}{unit} {self.by[1]}{unit}"
            case "drag" if self.target is not None:
                rest = f"{place} {self.said} {self.target.address}"
            case "scroll" if self.element is not None:
                rest = f" {self.said} in{place}"
            case _:
                rest = f"{place} {self.said}".rstrip()
        return f"{self.verb}{rest}"


def actions(line: str, elements: Sequence[Element]) -> ParsedAction:
    """Parse a line against the elements of the current page.

    Roles and names must be those of an element that is there; case and spaces of names do not matter, and the text
    that is seen on an element will do where its name is another one. Where several carry the name, the line must say
    which, and their number must be the same as it says. A mark such as `click [7]` is taken for the element's
    address, which is what the action keeps.

    Raises:
        BadAction: The line is no action, or its element is missing, ambiguous or disabled, or cannot be used so.
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
    options: tuple[str, ...] = ()
    if verb == "select":
        options = tuple(_text(one, line) for one in re.findall(_TEXT, said))
        said = ""
    elif said.startswith('"'):
        said = _text(said, line)
    by = (int(parts["across"] or 0), int(parts["down"] or 0)) if parts.get("across") else None
    element = _element(parts, "", elements, line)
    step = ParsedAction(
        verb=cast("Verb", verb),
        element=element,
        said=said,
        options=options,
        target=_element(parts, "2", elements, line),
        by=by,
    )
    return step if element is None else _checked(step, element, line)


def _checked(step: ParsedAction, element: Element, line: str) -> ParsedAction:
    """The step, if the element can be used so; options as the page writes them."""
    if element.disabled:
        raise BadAction(f"`{line[:200]}`: it is disabled.")
    if step.verb == "fill" and not element.fillable:
        why = "it is read-only" if element.readonly else "it takes no text"
        raise BadAction(f"`{line[:200]}`: {why}.")
    if step.verb in {"check", "uncheck"} and not element.checkable:
        raise BadAction(f"`{line[:200]}`: it is nothing to check.")
    if step.verb == "uncheck" and element.role in {"radio", "menuitemradio"}:
        raise BadAction(f"`{line[:200]}`: another one of its group must be chosen instead.")
    if step.verb == "scroll" and element.scroll is None:
        raise BadAction(f"`{line[:200]}`: nothing scrolls in it.")
    if step.verb == "click" and step.by is not None and not all(0 <= part <= 100 for part in step.by):
        raise BadAction(f"`{line[:200]}`: a place is two numbers from 0% to 100%.")
    if step.verb == "drag" and step.by is not None and any(abs(part) > _MOST_AWAY for part in step.by):
        raise BadAction(f"`{line[:200]}`: something can be dragged by {_MOST_AWAY} pixels at most.")
    if step.verb == "select":
        return ParsedAction(verb="select", element=element, options=_options(step, element))
    return step


def _options(step: ParsedAction, element: Element) -> tuple[str, ...]:
    if not element.options and element.kind != "select":
        # Its choices are shown only when it is opened.
        return step.options
    if len(step.options) > 1 and not element.multiple:
        raise BadAction(f"{element.address} takes one option only.")
    found = []
    for said in step.options:
        option = next((one for one in element.options if _same(said, one.name)), None)
        if option is None:
            raise BadAction(f"{element.address} has no option `{said[:80]}`.")
        if option.disabled:
            raise BadAction(f"{element.address}: its option `{option.name[:80]}` is disabled.")
        found.append(option.name)
    return tuple(found)


def _element(parts: dict[str, str | None], at: str, elements: Sequence[Element], line: str) -> Element | None:
    if parts.get(f"mark{at}"):
        return _marked(str(parts[f"mark{at}"]), elements, line)
    role = parts.get(f"role{at}")
    return None if role is None else _find(role, parts, at, elements, line)


def _find(
    role: str, parts: dict[str, str | None], at: str, elements: Sequence[Element], line: str
) -> Element:
    said, ordinal, of = (parts[f"{part}{at}"] for part in ("name", "ordinal", "of"))
    name = _text(said, line) if said else ""
    named = [e for e in elements if e.role == role and _same(e.name, name)]
    named = named or [e for e in elements if e.role == role and name and _same(e.shows, name)]
    if not named:
        raise BadAction(f"`{line[:200]}`: there is no such element on the page.")
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


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(quoted: str, line: str) -> str:
    try:
        return str(json.loads(quoted))
    except json.JSONDecodeError as error:
        raise BadAction(f"`{line[:200]}`: {quoted[:80]} is not a quoted text ({error.msg}).") from error


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
