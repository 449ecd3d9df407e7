"""Parser of the proposed time in a reply; none if it proposes none or several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from branchwise.tasks.domains.clock_text import SPAN, span, spoken
from branchwise.tasks.domains.json_replies import Fields, document, unwrapped
from branchwise.tasks.domains.meetings import WEEK, Slot
from branchwise.tasks.domains.reading import plain

_DAYS = {day[:length].lower(): day for day in WEEK for length in (3, 4, 5, len(day))}
_DAY = rf"\b(?P<day>{'|'.join(WEEK)}|(?:Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)\b\.?)"
_NAMED = re.compile(rf"\b(?P<day>{'|'.join(WEEK)})\b", re.IGNORECASE)
_SLOT = re.compile(
    rf"(?:{_DAY}[^\w\n]{{0,6}}(?:(?:at|from|between|for)[ \t]+)?)?(?<![\d:.]){SPAN}"
    rf"(?:[ \t,]{{1,3}}(?:on[ \t]+)?(?P<after>{'|'.join(WEEK)})\b)?",
    re.IGNORECASE,
)
_EITHER = re.compile(
    rf"\b(?:{'|'.join(WEEK)}),? (?:or|and|/|&) (?:on )?(?:{'|'.join(WEEK)})\b", re.IGNORECASE
)
_MARK = re.compile(
    r"\b(?:(?:proposed|final|chosen|selected|suggested|best)\s+(?:meeting\s+)?(?:time|slot|answer)|answer|solution)\b"
    r"(?!\s+(?:is|was)\s+not)",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:not|no|none|cannot|busy|unavailable|conflict\w*|clash\w*|overlap\w*|except|reject\w*|consider\w*|if|"
    r"unless|before|after|instead|impossible|blocked|meetings?\s+during)\b|n't\b|n’t\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(r"\b(?:actually|wait|instead|correction|rather|alternatively)\b", re.IGNORECASE)
_DAY_FIELDS = frozenset({"day", "weekday", "day_of_week"})
_START_FIELDS = frozenset({"start", "start_time", "from", "begin"})
_END_FIELDS = frozenset({"end", "end_time", "to", "until"})
_STAY_FIELDS = frozenset({"duration", "duration_minutes", "minutes", "length"})
_LONGEST = 20_000
_MARKS = 20
"""Number of the last marks that are examined."""


def slot_in(text: str) -> Slot | None:
    """The proposed time; its day is empty if the reply names none or several.

    It is the one after the last mark such as `proposed time` or `answer`; else the one alone on its line;
    else the only one of the reply, in a sentence that does not negate it. There is none if these are several
    different times, or the reply retracts it later.
    """
    text = spoken(plain(_line_of_json(text[-_LONGEST:])))
    slot = _proposed(text)
    days = (
        {found["day"].lower() for found in _NAMED.finditer(text)}
        if slot is not None and not slot.day
        else set()
    )
    return replace(slot, day=_DAYS[days.pop()]) if slot is not None and len(days) == 1 else slot


def _line_of_json(text: str) -> str:
    """`Monday, 9:30 - 10:30` for JSON with a day, a start and an end; any other text unchanged."""
    value = unwrapped(document(text))
    if not isinstance(value, Mapping):
        return text
    fields = Fields(value)
    day = fields.text(_DAY_FIELDS)
    first, last = fields.text(_START_FIELDS), fields.text(_END_FIELDS)
    stays = fields.number(_STAY_FIELDS, "minute")
    if not fields.done or None in {day, first, last}:
        return text
    read = span(first or "", last or "")
    lasts = None if read is None else read[1] - read[0]
    return f"{day}, {first} - {last}" if stays in {None, lasts} else text


def _proposed(text: str) -> Slot | None:
    for mark in reversed(list(_MARK.finditer(text))[-_MARKS:]):
        lines = text[mark.end() :].split("\n")
        with_slots = [number for number, line in enumerate(lines) if _SLOT.search(line)]
        if with_slots:
            first = with_slots[0]
            later = [line for line in lines[first + 1 :] if _alone(line) or _CHANGE.search(line)]
            return _only([lines[first], *later]) if not re.search(r"\bnot\b|n't\b", lines[first]) else None
    lines = [line for line in text.split("\n") if _SLOT.search(line)]
    alone = [line for line in lines if _alone(line)]
    if alone:
        return _only([*alone, *(line for line in lines if _CHANGE.search(line))])
    return None if any(_DOUBT.search(line) for line in lines) else _only(lines)


def _only(lines: list[str]) -> Slot | None:
    """The single distinct slot of the lines; None for several. A day given once counts for all."""
    if any(_EITHER.search(line) for line in lines):
        return None
    found = {slot for line in lines for slot in _slots(line)}
    days = {slot.day for slot in found if slot.day}
    times = {(slot.start, slot.end) for slot in found}
    if len(times) != 1 or len(days) > 1:
        return None
    ((start, end),) = times
    return Slot(day=next(iter(days), ""), start=start, end=end)


def _alone(line: str) -> bool:
    """Whether the line contains only a slot."""
    return _SLOT.search(line) is not None and not re.search(r"\w", _SLOT.sub("", line))


def _slots(line: str) -> Iterator[Slot]:
    for found in _SLOT.finditer(line):
        read = span(found["first"], found["last"])
        day = found["day"] or found["after"] or ""
        if read is not None:
            yield Slot(day=_DAYS.get(day.lower().rstrip("."), day), start=read[0], end=read[1])
