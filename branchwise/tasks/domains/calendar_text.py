"""Parser of scheduling problems in the words of NATURAL PLAN (Zheng et al. 2024, arXiv 2406.04520)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from branchwise.tasks.domains.clock_text import at, span
from branchwise.tasks.domains.meetings import WEEK, Block, Meeting
from branchwise.tasks.domains.reading import digits

_DAY = rf"(?:{'|'.join(WEEK)})"
_CLOCK = r"\d{1,2}:\d{2}(?: ?[AaPp]\.?[Mm]\b\.?)?"
_SPAN = rf"{_CLOCK}(?: to |-| - ){_CLOCK}"
_PART = rf"{_DAY}(?: (?:after|before) {_CLOCK})?"
_DURATIONS = {
    "half an hour": 30,
    "a quarter of an hour": 15,
    "three quarters of an hour": 45,
    "an hour": 60,
    "an hour and a quarter": 75,
    "an hour and a half": 90,
    "one and a half hours": 90,
    "two and a half hours": 150,
}
_COUNTED = re.compile(r"(?:(?P<hours>\d{1,2}) hours?)?(?: and )?(?:(?P<minutes>\d{1,3}) minutes?)?")
_HEAD = re.compile(
    r"You need to schedule a meeting for (?P<people>.+?) "
    rf"for (?P<duration>{'|'.join(sorted(_DURATIONS, key=len, reverse=True))}|\d[\w ]{{1,30}}) "
    rf"between the work hours of (?P<hours>{_SPAN}) "
    rf"on (?:either )?(?P<days>{_DAY}(?:, {_DAY})*(?: or {_DAY})?)\."
)
_BUSY = re.compile(
    r"(?P<who>.{1,80}?) ?(?:is busy|has meetings|has blocked their calendar) on "
    rf"(?P<spans>{_DAY} during {_SPAN}(?:, (?:{_DAY} during )?{_SPAN})*)"
)
_FREE = re.compile(
    r"(?P<who>.{1,80}?)(?: ?is free| ?has no meetings|'s? calendar is wide open)"
    r" the (?:entire|whole) (?:day|week)\.?"
)
_AVOID = re.compile(
    r"(?P<who>.{1,80}?) (?:can ?not meet|can't meet|would like to avoid more meetings|would rather not meet"
    rf"|do(?:es)? not want to meet) on (?P<part>{_PART})\."
)
_MORE = re.compile(rf"(?P<part>{_PART})\.")
"""Continuation of `Ann can not meet on Monday.` with further days, as in the benchmark."""
_EARLIEST = re.compile(
    r".+? would like to (?:meet|schedule the meeting) at their earl(?:ie|i)st availability\."
)
_SILENT = re.compile(
    r"Here are the existing schedules for everyone during the days?:"
    r"|Find a time that works for everyone's schedule and constraints\."
)


def calendar_text(problem: str) -> Meeting | None:
    """Parse every sentence of a scheduling problem; None if one cannot be parsed.

    Nothing is guessed: a missing schedule, an unknown person or an impossible time also give None.
    """
    sentences = _sentences(problem)
    head = _HEAD.fullmatch(sentences[0]) if sentences else None
    if head is None:
        return None
    people = tuple(re.split(r", | and ", head["people"]))
    try:
        known, busy, avoid, earliest = _schedules(sentences[1:])
        if known != set(people):
            return None
        start, end = _span(head["hours"])
        return Meeting(
            participants=people,
            duration=_duration(head["duration"]),
            start=start,
            end=end,
            days=tuple(day for day in WEEK if day in head["days"]),  # type: ignore[misc]
            busy=busy,
            avoid=avoid,
            earliest=earliest,
        )
    except ValueError:
        return None


def _sentences(problem: str) -> list[str]:
    """The problem's sentences, without a benchmark's preamble and with one schedule each."""
    body = digits(problem.rpartition("TASK:")[2].partition("SOLUTION:")[0].replace("–", "-"))
    parts = re.split(r"\n+|;|(?<=\.)\s+", body)
    return [part for part in (re.sub(r"\s+", " ", p).strip() for p in parts) if part]


def _schedules(sentences: Iterable[str]) -> tuple[set[str], tuple[Block, ...], tuple[Block, ...], bool]:
    """The persons named, the busy blocks, the avoided ones, and whether the earliest time is requested.

    Raises:
        ValueError: A sentence cannot be parsed.
    """
    known: set[str] = set()
    busy: list[Block] = []
    avoid: list[Block] = []
    earliest, speaker = False, ""
    for sentence in sentences:
        if found := _BUSY.fullmatch(sentence):
            busy += _busy_blocks(found["who"], found["spans"])
            known.add(found["who"])
        elif found := _FREE.fullmatch(sentence):
            known.add(found["who"])
        elif found := _AVOID.fullmatch(sentence) or (_MORE.fullmatch(sentence) if speaker else None):
            speaker = found.groupdict().get("who", speaker)
            avoid.append(_avoided(speaker, found["part"]))
        elif _EARLIEST.fullmatch(sentence):
            earliest = True
        elif not _SILENT.fullmatch(sentence):
            raise ValueError(f"{sentence!r} is not understood.")
    return known, tuple(busy), tuple(avoid), earliest


def _busy_blocks(person: str, spans: str) -> list[Block]:
    blocks: list[Block] = []
    day = ""
    for part in spans.split(", "):
        named, _, span = part.rpartition(" during ")
        day = named or day
        start, end = _span(span)
        blocks.append(Block(person=person, day=day, start=start, end=end))  # type: ignore[arg-type]
    return blocks


def _avoided(person: str, part: str) -> Block:
    day, _, rest = part.partition(" ")
    side, _, time = rest.partition(" ")
    limit = at(time) if time else 0
    if limit is None:
        raise ValueError(f"{time!r} is no time of day.")
    start = limit if side == "after" else 0
    end = limit if side == "before" else 24 * 60
    return Block(person=person, day=day, start=start, end=end)  # type: ignore[arg-type]


def _span(text: str) -> tuple[int, int]:
    """Start and end in minutes after midnight.

    Raises:
        ValueError: It is not a span of one day.
    """
    first, last = re.split(r" to |-| - ", text, maxsplit=1)
    found = span(first.strip(), last.strip())
    if found is None or not found[0] < found[1] <= 24 * 60:
        raise ValueError(f"{text!r} is no span of one day.")
    return found


def _duration(text: str) -> int:
    """Minutes.

    Raises:
        ValueError: It is not a duration.
    """
    counted = _COUNTED.fullmatch(text)
    told = 60 * int(counted["hours"] or 0) + int(counted["minutes"] or 0) if counted else 0
    if not _DURATIONS.get(text, told):
        raise ValueError(f"{text!r} is no length of time.")
    return _DURATIONS.get(text, told)
