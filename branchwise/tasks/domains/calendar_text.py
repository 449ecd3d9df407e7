"""Read a scheduling problem in the words of NATURAL PLAN (Zheng et al. 2024, arXiv 2406.04520), or refuse."""

from __future__ import annotations

import re
from collections.abc import Iterable

from branchwise.tasks.domains.meetings import WEEK, Block, Meeting, minutes

_DAY = rf"(?:{'|'.join(WEEK)})"
_SPAN = r"\d{1,2}:\d{2} to \d{1,2}:\d{2}"
_PART = rf"{_DAY}(?: (?:after|before) \d{{1,2}}:\d{{2}})?"
_DURATIONS = {"half an hour": 30, "one hour": 60, "an hour": 60, "an hour and a half": 90, "two hours": 120}
_HEAD = re.compile(
    r"You need to schedule a meeting for (?P<people>.+?) "
    rf"for (?P<duration>{'|'.join(_DURATIONS)}|\d{{1,3}} minutes) "
    rf"between the work hours of (?P<hours>{_SPAN}) "
    rf"on (?:either )?(?P<days>{_DAY}(?:, {_DAY})*(?: or {_DAY})?)\."
)
_BUSY = re.compile(
    r"(?P<who>.+?) ?(?:is busy|has meetings|has blocked their calendar) on "
    rf"(?P<spans>{_DAY} during {_SPAN}(?:, (?:{_DAY} during )?{_SPAN})*)"
)
_FREE = re.compile(
    r"(?P<who>.+?)(?: ?is free| ?has no meetings|'s? calendar is wide open)"
    r" the (?:entire|whole) (?:day|week)\.?"
)
_AVOID = re.compile(
    r"(?P<who>.+?) (?:can ?not meet|would like to avoid more meetings|would rather not meet"
    rf"|do(?:es)? not want to meet) on (?P<part>{_PART})\."
)
_MORE = re.compile(rf"(?P<part>{_PART})\.")
"""What follows `Ann can not meet on Monday.` for Tuesday; the benchmark writes the next days so."""
_EARLIEST = re.compile(
    r".+? would like to (?:meet|schedule the meeting) at their earl(?:ie|i)st availability\."
)
_SILENT = re.compile(
    r"Here are the existing schedules for everyone during the days?:"
    r"|Find a time that works for everyone's schedule and constraints\."
)


def calendar_text(problem: str) -> Meeting | None:
    """Read every sentence of a scheduling problem, or return None when one is not understood.

    Nothing is guessed: a person whose schedule is missing, a stranger or an impossible time also give None.
    """
    sentences = _sentences(problem)
    head = _HEAD.fullmatch(sentences[0]) if sentences else None
    if head is None:
        return None
    start, end = head["hours"].split(" to ")
    people = tuple(re.split(r", | and ", head["people"]))
    try:
        known, busy, avoid, earliest = _schedules(sentences[1:])
        if known != set(people):
            return None
        return Meeting(
            participants=people,
            duration=_DURATIONS.get(head["duration"]) or int(head["duration"].split()[0]),
            start=minutes(start),
            end=minutes(end),
            days=tuple(day for day in WEEK if day in head["days"]),  # type: ignore[misc]
            busy=busy,
            avoid=avoid,
            earliest=earliest,
        )
    except ValueError:
        return None


def _sentences(problem: str) -> list[str]:
    """The problem's sentences, without a benchmark's preamble and with one schedule each."""
    body = problem.rpartition("TASK:")[2].partition("SOLUTION:")[0]
    parts = re.split(r"\n+|;|(?<=\.)\s+", body)
    return [part for part in (re.sub(r"\s+", " ", p).strip() for p in parts) if part]


def _schedules(sentences: Iterable[str]) -> tuple[set[str], tuple[Block, ...], tuple[Block, ...], bool]:
    """Who was spoken of, the busy blocks, the avoided ones, and whether the earliest time is asked for.

    Raises:
        ValueError: A sentence is not understood.
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
        start, end = span.split(" to ")
        blocks.append(Block(person=person, day=day, start=minutes(start), end=minutes(end)))  # type: ignore[arg-type]
    return blocks


def _avoided(person: str, part: str) -> Block:
    day, _, rest = part.partition(" ")
    side, _, time = rest.partition(" ")
    start = minutes(time) if side == "after" else 0
    end = minutes(time) if side == "before" else 24 * 60
    return Block(person=person, day=day, start=start, end=end)  # type: ignore[arg-type]
