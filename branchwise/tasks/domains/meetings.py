"""Typed constraints of a meeting, and the exact check of a proposed time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter, ValidationError

from branchwise.store.records import Json

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def minutes(clock: object) -> int:
    """Turn `H:MM` into minutes after midnight; 24:00 is the end of a day.

    Raises:
        ValueError: It is not a time of day.
    """
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", clock) if isinstance(clock, str) else None
    if match is None or int(match[2]) > 59 or (at := int(match[1]) * 60 + int(match[2])) > 24 * 60:
        raise ValueError(f"{clock!r} is no time of day.")
    return at


def clock(at: int) -> str:
    """Write minutes after midnight as `H:MM`."""
    return f"{at // 60}:{at % 60:02}"


Minutes = Annotated[int, BeforeValidator(minutes), PlainSerializer(clock)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A half-open span of one day in which someone cannot or would rather not meet."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    person: Annotated[str, Field(min_length=1, max_length=80)]
    day: Day
    start: Minutes
    end: Minutes

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("A block ends after it starts.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A proposed time: half-open, in minutes after midnight."""

    day: str
    start: int
    end: int

    def meets(self, block: Block) -> bool:
        """Whether the slot and the block share a moment."""
        return self.day == block.day and self.start < block.end and block.start < self.end


@dataclass(frozen=True, kw_only=True, slots=True)
class Meeting:
    """The constraints on a meeting's time."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    participants: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    duration: Annotated[int, Field(gt=0, le=24 * 60)]
    """Minutes."""
    start: Minutes
    """Beginning of the work hours."""
    end: Minutes
    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)]
    """In calendar order."""
    busy: Annotated[tuple[Block, ...], Field(max_length=1000)] = ()
    avoid: Annotated[tuple[Block, ...], Field(max_length=1000)] = ()
    """Spans that someone asked to keep free; they bind like busy ones (NATURAL PLAN, appendix)."""
    earliest: bool = False
    """Whether the earliest possible time is requested."""

    def __post_init__(self) -> None:
        if self.start + self.duration > self.end:
            raise ValueError("The meeting does not fit into the work hours.")
        if len(set(self.days)) < len(self.days):
            raise ValueError("A day is named twice.")
        if strangers := {block.person for block in (*self.busy, *self.avoid)} - set(self.participants):
            raise ValueError(f"{sorted(strangers)} are no participants.")

    def clashes(self, slot: Slot) -> tuple[Block, ...]:
        """The busy and avoided blocks that the slot overlaps."""
        return tuple(block for block in (*self.busy, *self.avoid) if slot.meets(block))

    @property
    def step(self) -> int:
        """Minutes between candidate starts: 30, or less if a time of the problem is on a finer grid.

        Every possible time starts with the work hours or at the end of a block, or can be moved there; so a
        step that divides all of these is complete.
        """
        blocks = (*self.busy, *self.avoid)
        times = (self.start, *(block.end for block in blocks), *(block.start for block in blocks))
        return gcd(30, *times)

    def grid(self, day: str, step: int | None = None) -> Iterator[Slot]:
        """The slots of one day inside work hours, one every `step` minutes, blocks ignored."""
        for start in range(self.start, self.end - self.duration + 1, step or self.step):
            yield Slot(day=day, start=start, end=start + self.duration)

    def first(self) -> Slot | None:
        """The earliest possible slot; None without one.

        It starts with the work hours or at the end of a block, so that trying those is exact.
        """
        ends = {block.end for block in (*self.busy, *self.avoid) if block.end > self.start}
        for day in self.days:
            for start in sorted({self.start, *ends}):
                slot = Slot(day=day, start=start, end=start + self.duration)
                if slot.end <= self.end and not self.clashes(slot):
                    return slot
        return None

    def words(self) -> tuple[str, ...]:
        """One short sentence for each constraint."""
        days = " or ".join(self.days)
        lines = [f"{self.duration} minutes on {days}, between {clock(self.start)} and {clock(self.end)}"]
        for person in self.participants:
            spans = [f"{b.day} {clock(b.start)}-{clock(b.end)}" for b in self.busy if b.person == person]
            if spans:
                lines.append(f"{person} is busy {', '.join(spans)}")
        lines += [f"{b.person} wants no meeting {b.day} {clock(b.start)}-{clock(b.end)}" for b in self.avoid]
        return (*lines, "at the earliest possible time") if self.earliest else tuple(lines)


_ADAPTER = TypeAdapter(Meeting)


def meeting_data(meeting: Meeting) -> Mapping[str, Json]:
    """The JSON form of a meeting, as constraints carry it."""
    data: Mapping[str, Json] = _ADAPTER.dump_python(meeting, mode="json")
    return data


def typed_meeting(data: Json) -> Meeting | None:
    """Type JSON strictly as a meeting, or None if any part of it is invalid."""
    try:
        return _ADAPTER.validate_json(json.dumps(data), strict=True)
    except (ValidationError, TypeError, ValueError):
        return None


_BLOCK_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "person": {"type": "string", "maxLength": 80},
        "day": {"type": "string", "enum": list(WEEK)},
        "start": {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"},
        "end": {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"},
    },
    "required": ["person", "day", "start", "end"],
    "additionalProperties": False,
}

MEETING_SCHEMA: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "participants": {"type": "array", "items": {"type": "string", "maxLength": 80}, "minItems": 1},
        "duration": {"type": "integer", "description": "minutes"},
        "start": {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"},
        "end": {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"},
        "days": {"type": "array", "items": {"type": "string", "enum": list(WEEK)}, "minItems": 1},
        "busy": {"type": "array", "items": _BLOCK_SCHEMA},
        "avoid": {"type": "array", "items": _BLOCK_SCHEMA},
        "earliest": {"type": "boolean"},
    },
    "required": ["participants", "duration", "start", "end", "days", "busy", "avoid", "earliest"],
    "additionalProperties": False,
}
"""What a model must write; written by hand because engines that constrain decoding by a schema know no references."""
