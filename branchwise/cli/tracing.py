"""Draw a workflow's run as a tree of nodes, visits and calls, from its ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich.text import Text
from rich.tree import Tree

from branchwise.store.rows import CallRecord, Decision

_MOST = 400
_WIDE = 160


def trace(calls: Sequence[CallRecord], decisions: Sequence[Decision]) -> Tree:
    """Draw the calls of a run in the order in which they began, each by its last attempt."""
    top = Tree("run", guide_style="dim")
    places: dict[str, Tree] = {}
    lines = sorted(_lines(calls, decisions))
    for _, key, line in lines[:_MOST]:
        *path, name = key.split("/")
        above, at = top, ""
        for part in path:
            at += f"{part}/"
            if at not in places:
                places[at] = above.add(Text(part))
            above = places[at]
        above.add(Text(f"{name}: {line}"))
    if len(lines) > _MOST:
        top.add(Text(f"and {len(lines) - _MOST} more (--json lists them all)"))
    return top


def _lines(calls: Sequence[CallRecord], decisions: Sequence[Decision]) -> Iterator[tuple[float, str, str]]:
    last = {call.key: call for call in calls}
    attempts: dict[str, int] = {}
    began: dict[str, float] = {}
    for call in calls:
        attempts[call.key] = attempts.get(call.key, 0) + 1
        began.setdefault(call.key, call.started)
    for key, call in last.items():
        tries = f", {attempts[key]} attempts" if attempts[key] > 1 else ""
        tokens = f", {call.usage.tokens:,} tokens" if call.usage.tokens else ""
        yield began[key], key, f"{call.kind} {call.model}, {call.state}{tokens}{tries}"
    for one in decisions:
        kept = one.payload
        if one.kind == "answer" and isinstance(kept, dict):
            said = json.dumps(kept.get("answer"), ensure_ascii=False)[:_WIDE]
            at = kept.get("at")
            yield at if isinstance(at, float | int) else 0.0, one.key, f"answered by {kept.get('by')}: {said}"
