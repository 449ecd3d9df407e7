"""Shared by the workflows: strict readers of ranks, verdicts, lists and votes in models' replies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)
_NUMBER = re.compile(r"\[(\d{1,4})\]")
_SECTION = re.compile(r"^[ \t]{0,8}\[(\d{1,4})\]", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]{0,8}(?:[-*]|\d{1,3}[.):])[ \t]{0,8}")
_TEST = re.compile(r"Unit Test #(\d{1,4}): ?\[(Passed|Failed)\]")
_FIRST = re.compile(r"[^\w\n]{0,8}(\d{1,4})(?!\w)")
RIGHT, WRONG = "[Correct]", "[Incorrect]"


def ranked(reply: str, n: int) -> list[int]:
    """The order of `n` candidates, numbered from 1, by the first line of a reply such as `[3] > [1]`.

    Numbers outside of 1..n and repeats are dropped; candidates that are not named follow in their own order.
    """
    first = reply.strip().partition("\n")[0]
    named = [int(number) for number in _NUMBER.findall(first)]
    return list(dict.fromkeys([*(number for number in named if 1 <= number <= n), *range(1, n + 1)]))


def sections(reply: str, n: int) -> list[str]:
    """The part of a reply about each of `n` candidates: what follows its `[number]` at a line's start; "" without."""
    found, marks = [""] * n, list(_SECTION.finditer(reply))
    ends = [*(mark.start() for mark in marks[1:]), len(reply)]
    for mark, end in zip(marks, ends[: len(marks)], strict=True):
        number = int(mark[1])
        if 1 <= number <= n:
            found[number - 1] = reply[mark.end() : end].strip()
    return found


def verdict(reply: str) -> bool | None:
    """Whether a reply says `[Correct]` or `[Incorrect]`; None if it says both or neither."""
    said = (RIGHT in reply, WRONG in reply)
    return said[0] if said[0] is not said[1] else None


def listed(reply: str, most: int) -> list[str]:
    """The lines of a reply without bullets and numbers, at most `most` of them."""
    lines = (_ITEM.sub("", line).strip() for line in reply.splitlines())
    return [line for line in lines if line][:most]


def passes(reply: str, n: int) -> int:
    """How many of `n` tests a reply calls `Unit Test #i: [Passed]`; the last word on a test counts."""
    last = {int(number): word for number, word in _TEST.findall(reply)}
    return sum(last.get(number) == "Passed" for number in range(1, n + 1))


def majority(votes: Sequence[T]) -> tuple[T, int]:
    """The value with most votes, and their number; of equal ones the first by its own order where there is one.

    Numbers tie to the lowest, texts to the one that was given first.
    """
    counts = Counter(votes)
    most = max(counts.values())
    leading = [value for value in counts if counts[value] == most]
    best = min(leading) if all(isinstance(value, int) for value in leading) else leading[0]  # type: ignore[type-var]
    return best, most


def chosen(reply: str, n: int) -> int | None:
    """The position, from 0, of the choice whose number from 1 to `n` a reply begins with; None without one."""
    found = _FIRST.match(reply)
    number = int(found[1]) if found else 0
    return number - 1 if 1 <= number <= n else None


def plain(answer: str) -> str:
    """An answer without differences that do not count: case, white space, and signs at its ends."""
    return " ".join(answer.casefold().split()).strip(" .,;:!?\"'*`")


def between(written: str, opening: str, closing: str) -> str:
    """What a text has between the first opening mark and the closing mark behind it; "" where one is missing."""
    _, found, rest = written.partition(opening)
    inner, closed, _ = rest.partition(closing)
    return inner.strip() if found and closed else ""
