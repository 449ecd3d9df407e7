"""A prior over listed actions that costs nothing: words shared with the goal, fields before buttons, nothing twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WORD = re.compile(r"\w+")
_COMMON = frozenset(
    _WORD.findall(
        "a an and at by for from in into is it its of on one or that the then this to with your you"
    )
)
_LEAVING = frozenset(_WORD.findall("cancel close delete discard dismiss logout remove reset undo"))
_SENDING = frozenset(
    _WORD.findall("add apply continue create go log login next ok order post save search send sign submit")
)


def ranked(goal: str, lines: Sequence[str], done: Sequence[str]) -> list[str]:
    """The lines, the likeliest first; ties stay in the page's order.

    Args:
        goal: What is to be done; quoted parts are texts to fill in or names.
        lines: The actions that a page offers.
        done: The actions of this branch so far.
    """
    scores = {line: _score(goal, line, lines, done) for line in lines}
    return sorted(lines, key=lambda line: -scores[line])


def _score(goal: str, line: str, lines: Sequence[str], done: Sequence[str]) -> float:
    wanted, folded = _words(goal), " ".join(goal.casefold().split())
    parts = [part.casefold() for part in _QUOTED.findall(line)]
    said = _words(" ".join(parts))
    score = 3 * len(said & wanted) / len(said) if said else 0.0
    score += sum(1.0 for part in parts if part and part in folded)
    score += sum(1.0 for part in parts if f'"{part}"' in folded)
    verb, name = line.split(" ", 1)[0], _words(parts[0]) if parts else set()
    if verb == "fill" and len(parts) > 1:
        before = folded.partition(parts[1])[0].rstrip('" ').split()[-3:]
        score += 2.0 if name & _words(" ".join(before)) else 0.0
        # What stands somewhere already is seldom typed twice.
        score -= 1.5 if any(f'with "{parts[1]}"' in one.casefold() for one in done) else 0.0
    if name & _LEAVING and not name & _LEAVING & wanted:
        score -= 1.5
    if name & _SENDING:
        score += -1.5 if _unfilled(lines, done) else 1.0
    if verb == "scroll":
        score -= 0.5
    return score - (2.5 if line in done else 0.0)


def _unfilled(lines: Sequence[str], done: Sequence[str]) -> bool:
    """Whether a field is offered that this branch has not filled."""
    fields = {line.partition(" with ")[0] for line in lines if line.startswith("fill ")}
    return bool(fields - {line.partition(" with ")[0] for line in done})


def _words(text: str) -> set[str]:
    found = {word.rstrip("s") if len(word) > 3 else word for word in _WORD.findall(text.casefold())}
    return found - _COMMON
