"""Instances for the comparison of `auto` with fixed strategies, none of which a setting of `auto` was chosen on.

The rule was fixed before any of them was run: what earlier selections took is left out (the 24 of the first table, and
the 40 with and without every sixth instance, of the simulations that the sizes come from), and the rest is divided
into two parts of every other instance. The first part is measured first; the second only after a setting was changed
because of the first. The calendar has twelve instances left, so problems recombined from open ones are added: the last
person's calendar is that of the next problem with as many people and days. Those that have no solution are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from branchwise import tasks
from branchwise.evals.live.experiment import spread
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.domains.meetings import typed_meeting

_LINE = re.compile(r"^(?P<name>[A-Z]\w*)(?P<hours>[^\n]*;)[ ]*$", re.MULTILINE)
"""A person's calendar in a problem."""


def untouched(task: str, items: Sequence[Instance], count: int, *, part: int = 0) -> tuple[Instance, ...]:
    """At most `count` instances of one part, at even distances, that no setting of `auto` was chosen on.

    Args:
        task: The benchmark's task.
        items: All of its open instances.
        count: Number of instances.
        part: 0 or 1; the parts are disjoint.
    """
    earlier = {i.id for i in (*spread(items, 24), *spread(items, 40), *spread(items, 40, leave_out=6))}
    left = [item for item in items if item.id not in earlier]
    if task == "calendar":
        left += _recombined(items)
    return spread(left[part::2], count)


def _recombined(items: Sequence[Instance]) -> Iterator[Instance]:
    """Each problem with the last person's calendar of the next one of its kind, if it can still be solved."""
    kinds: dict[tuple[object, object], list[Instance]] = {}
    for item in items:
        kinds.setdefault((item.meta["people"], item.meta["days"]), []).append(item)
    for alike in kinds.values():
        for one, other in zip(alike, [*alike[1:], alike[0]], strict=True):
            mine, theirs = list(_LINE.finditer(one.problem)), list(_LINE.finditer(other.problem))
            if not mine or not theirs:
                continue
            last = mine[-1]
            line = f"{last['name']}{theirs[-1]['hours']}"
            problem = one.problem[: last.start()] + line + one.problem[last.end() :]
            if _solvable(problem):
                yield replace(one, id=f"{one.id}+{other.id}", problem=problem, gold=None)


def _solvable(problem: str) -> bool:
    known = tasks.load("calendar").read_constraints(problem)
    meeting = None if known is None else typed_meeting(known.data)
    return meeting is not None and meeting.first() is not None
