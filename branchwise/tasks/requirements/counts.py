"""Requirements on numbers of words, sentences, paragraphs, bullets and sections."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tasks.domains.languages import sentences
from branchwise.tasks.requirements.protocol import Finding, Requirement, finding, kept
from branchwise.tasks.requirements.rules import words

_RANGE = re.compile(r"(?P<exact>\d{1,9})|(?P<least>\d{1,9})?\.\.(?P<most>\d{1,9})?")
_BULLET = re.compile(r"^[ \t]*(?:[-*\u2022]|\d{1,4}[.)])[ \t]+\S", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CountRange:
    """A range of numbers, both ends included; None for no end."""

    least: int | None
    most: int | None

    @property
    def words(self) -> str:
        """The range in words."""
        if self.least == self.most:
            return f"exactly {self.least}"
        if self.least is None or self.most is None:
            return f"at least {self.least}" if self.most is None else f"at most {self.most}"
        return f"{self.least} to {self.most}"

    @property
    def stored(self) -> dict[str, Json]:
        """The range as it is stored."""
        ends = {"least": self.least, "most": self.most}
        return {side: number for side, number in ends.items() if number is not None}

    def degree(self, number: int) -> float:
        """Closeness of a number to the range, in [0, 1]."""
        if self.least is not None and number < self.least:
            return number / self.least
        if self.most is not None and number > self.most:
            return self.most / number
        return 1.0


def _paragraphs(text: str) -> int:
    return sum(1 for part in text.split("\n\n") if part.strip())


_COUNTED: Mapping[str, Callable[[str], int]] = {
    "words": words,
    "paragraphs": _paragraphs,
    "lines": lambda text: sum(1 for line in text.splitlines() if line.strip()),
    "bullets": lambda text: len(_BULLET.findall(text)),
    "headings": lambda text: len(_HEADING.findall(text)),
    "characters": lambda text: len(text.strip()),
}
COUNTS = ("sentences", *_COUNTED)
"""The countable units."""


def count(name: str, value: Json) -> Requirement:
    """Require a count within a range.

    Args:
        name: One of `COUNTS`. Paragraphs are separated by empty lines; headings are Markdown's.
        value: `3`, `"3"`, `"50..100"`, `"50.."`, `"..100"`, or `{"least": 50, "most": 100}`.

    Raises:
        BadInput: It is not a range.
    """
    limits = _limits(name, value)
    if name == "sentences":
        return _sentences(limits)
    number_of = _COUNTED[name]

    def check(text: str) -> Finding:
        number = number_of(text)
        degree = limits.degree(number)
        return (
            kept() if degree == 1.0 else Finding(kept=False, wrong=f"it has {number} {name}", degree=degree)
        )

    def refutes(text: str) -> bool:
        # The last one may be incomplete.
        return limits.most is not None and number_of(text) - 1 > limits.most

    return Requirement(
        stored={name: limits.stored},
        words=f"{limits.words} {name}",
        check=check,
        refutes=refutes,
    )


def _sentences(limits: CountRange) -> Requirement:
    """Lower and upper count by a library: a line without a full stop may or may not be a sentence of its own."""

    def check(text: str) -> Finding:
        counted = sentences(text)
        if counted is None:
            return finding(None, "its sentences cannot be counted: pip install 'branchwise[grading]'")
        degrees = {limits.degree(number) for number in counted}
        holds = None if len({degree == 1.0 for degree in degrees}) > 1 else degrees == {1.0}
        return finding(holds, f"it has {counted[0]} sentences", min(degrees))

    return Requirement(
        stored={"sentences": limits.stored},
        words=f"{limits.words} sentences",
        check=check,
        blocking=True,
    )


def _limits(name: str, value: Json) -> CountRange:
    if isinstance(value, Mapping):
        if not value or not set(value) <= {"least", "most"}:
            raise BadInput(f"The requirement `{name}` takes `least` and `most`, not {sorted(value)}.")
        least, most = value.get("least"), value.get("most")
    else:
        found = _RANGE.fullmatch(str(value).strip())
        if found is None or not any(found.groups()):
            raise BadInput(
                f"The requirement `{name}` takes a number or a range such as 50..100, not `{value}`."
            )
        least, most = found["exact"] or found["least"], found["exact"] or found["most"]
    ends = CountRange(_whole(name, least), _whole(name, most))
    if ends.least is not None and ends.most is not None and ends.least > ends.most:
        raise BadInput(f"The requirement `{name}` has the range {ends.least}..{ends.most}, which is empty.")
    return ends


def _whole(name: str, value: Json) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
        raise BadInput(f"The requirement `{name}` takes whole numbers from 0, not `{value}`.")
    return int(value)
