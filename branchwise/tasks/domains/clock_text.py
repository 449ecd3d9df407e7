"""Parser of times of day as people write them: `13:00`, `1:00 - 1:30 PM`, `9am`, `noon`, `half past nine`."""

from __future__ import annotations

import re

from branchwise.tasks.domains.reading import NUMBERS, number

_HOUR = "|".join(sorted(NUMBERS[1:13], key=len, reverse=True))
_PART = {"fifteen": 15, "thirty": 30, "forty-five": 45, "forty five": 45}
_SPOKEN = re.compile(
    rf"\b(?:(?P<past>half|(?:a )?quarter) (?P<side>past|to) (?P<of>{_HOUR})"
    rf"|(?P<hour>{_HOUR}) (?:(?P<part>{'|'.join(_PART)})\b|o'clock|(?=[ap]\.?m\b)))",
    re.IGNORECASE,
)
_HALF = r"[ap]\.?[ \t]?m\b\.?"
_HALVES = re.compile(
    r"(?<![\d:.])(?P<hour>1[0-2]|0?[1-9])(?P<minute>[:.h]\d{2})?(?: o'clock)?"
    r",? (?:in the |this )(?P<half>morning|afternoon|evening)\b",
    re.IGNORECASE,
)
TIME = rf"(?:\d{{1,2}}(?:[:.h]\d{{2}})?(?![\d:])(?:[ \t]?{_HALF})?|noon\b|midday\b|midnight\b)"
"""One time; a number alone is one only beside another that has minutes or a half of the day."""
_TIME = re.compile(
    rf"(?P<hour>\d{{1,2}})(?:[:.h](?P<minute>\d{{2}}))?[ \t]?(?P<half>{_HALF})?|(?P<word>noon|midday|midnight)",
    re.IGNORECASE,
)
SPAN = rf"(?P<first>{TIME})[ \t]*(?:-|to|until|till|through|and)[ \t]*(?P<last>{TIME})"


def spoken(text: str) -> str:
    """Write spoken times in digits: `half past nine` is `9:30`, `ten fifteen` is `10:15`.

    A half of the day in words becomes AM or PM: `9:30 in the evening` is `9:30 PM`.
    """

    def written(found: re.Match[str]) -> str:
        hour = number(found["of"] or found["hour"])
        if found["past"]:
            part = 30 if found["past"].lower() == "half" else 15
            hour, minute = (
                (hour, part) if found["side"].lower() == "past" else ((hour - 2) % 12 + 1, 60 - part)
            )
            return f"{hour}:{minute:02}"
        return f"{hour}:{_PART.get((found['part'] or '').lower(), 0):02}"

    return _HALVES.sub(_in_half, _SPOKEN.sub(written, text))


def _in_half(found: re.Match[str]) -> str:
    half = "AM" if found["half"].lower() == "morning" else "PM"
    return f"{found['hour']}{found['minute'] or ':00'} {half}"


def at(time: str) -> int | None:
    """Minutes after midnight of one time, from 0 to 1440, or None; without AM or PM the clock has 24 hours."""
    read = _read(time)
    return None if read is None else _at(*read)


def span(first: str, last: str) -> tuple[int, int] | None:
    """Start and end in minutes after midnight, or None.

    A start without AM or PM takes the end's, unless it would then come after it: `11:00 - 1:00 PM` begins in the
    morning. An end that comes before the start is of the next day.
    """
    one, two = _read(first), _read(last)
    if one is None or two is None or (one[1] is None and two[1] is None and not (one[2] or two[2])):
        return None
    end = _at(*two)
    start = _at(*one)
    if not one[2] and two[2] and one[0] <= 12:
        same, other = _at(one[0], one[1], two[2]), _at(one[0], one[1], "a" if two[2] == "p" else "p")
        start = same if end is not None and same is not None and same < end else other
    if start is None or end is None:
        return None
    if end == 0 or (end < start and (one[2] or two[2])):
        end += 24 * 60
    return start, end


def _read(time: str) -> tuple[int, int | None, str] | None:
    """Hour, minute and half of the day (`a`, `p` or nothing)."""
    found = _TIME.fullmatch(time.strip())
    if found is None:
        return None
    if found["word"]:
        return 12, 0, "a" if found["word"].lower() == "midnight" else "p"
    return (
        int(found["hour"]),
        int(found["minute"]) if found["minute"] else None,
        (found["half"] or "")[:1].lower(),
    )


def _at(hour: int, minute: int | None, half: str) -> int | None:
    if (minute or 0) > 59 or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    time = hour * 60 + (minute or 0)
    return time if time <= 24 * 60 else None
