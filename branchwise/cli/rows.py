"""One flat row for each run: input, result, cost and reason to stop."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeAlias

from branchwise import tasks
from branchwise.store.errors import BranchwiseError, UnknownName
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store

OutputRow: TypeAlias = dict[str, Any]
COLUMNS: Mapping[str, type] = {
    "run": str,
    "id": str,
    "status": str,
    "task": str,
    "strategy": str,
    "model": str,
    "seed": int,
    "problem": str,
    "answer": str,
    "text": str,
    "solved": bool,
    "verified_by": str,
    "score": float,
    "confidence": float,
    "expected": str,
    "right": bool,
    "why": str,
    "error": str,
    "calls": int,
    "prompt_tokens": int,
    "completion_tokens": int,
    "tokens": int,
    "cost": float,
    "seconds": float,
    "created": str,
    "finished": str,
    "metadata": str,
}
"""The columns and their types; `expected` and `metadata` hold JSON."""
WHY: Mapping[str, str] = {
    "accepted": "an answer was accepted",
    "budget": "the budget is spent",
    "exhausted": "no trial is left",
    "too deep": "the tree has reached its maximum depth",
    "enough": "by the verifier's audit, more samples would lower accuracy",
    "decided": "the lead of the vote is decided",
    "abstained": "the best answer is too uncertain",
}
"""Reasons why runs end."""
_OPEN: Mapping[Status, str] = {
    Status.QUEUED: "it waits for a worker",
    Status.RUNNING: "it is running",
    Status.WAITING: "it waits for a person; see: branchwise show {run}",
    Status.PAUSED: "it was interrupted; continue with: branchwise resume {run}",
    Status.FAILED: "it failed",
    Status.CANCELLED: "it was cancelled",
}


async def rows(
    run_ids: Sequence[str] = (),
    *,
    status: str | None = None,
    queue: str | None = None,
    task: str | None = None,
    limit: int | None = None,
    url: str | None = None,
) -> list[OutputRow]:
    """The rows of runs, oldest first.

    Args:
        run_ids: Only these, each an id or a part of one.
        status: Only runs of this status.
        queue: Only runs of this queue.
        task: Only runs of this task.
        limit: Only the newest ones.
        url: The store.

    Raises:
        UnknownName: No such run or status exists.
    """
    if status is not None and status not in set(Status):
        raise UnknownName("status", status, list(Status))
    async with Store.opened(url) as store:
        if run_ids:
            found = [await store.run(one) for one in dict.fromkeys(run_ids)]
        else:
            found = list(reversed(await store.runs(status=status, task=task)))
        chosen = [one for one in found if queue is None or one.queue == queue]
        return [await row_of(store, one) for one in (chosen if limit is None else chosen[-limit:])]


async def row_of(store: Store, record: RunRecord) -> OutputRow:
    """The row of one run."""
    spec: Mapping[str, Any] = record.spec if isinstance(record.spec, Mapping) else {}
    result: Mapping[str, Any] = record.result if isinstance(record.result, Mapping) else {}
    usage = result.get("usage")
    if not isinstance(usage, Mapping):
        usage = asdict(await store.usage(record.id))
    expected, answer = spec.get("expected"), result.get("answer", result.get("output"))
    row: OutputRow = dict.fromkeys(COLUMNS)
    row |= {
        "run": record.id,
        "id": spec.get("id"),
        "status": str(record.status),
        "task": record.task,
        "strategy": record.strategy,
        "model": record.model,
        "seed": record.seed,
        "problem": _text(spec.get("problem") or spec.get("goal") or spec.get("input")),
        **{name: result.get(name) for name in ("text", "solved", "score", "confidence")},
        "answer": _text(answer),
        "verified_by": result.get("verified_by"),
        "expected": expected,
        "right": _right(record.task, expected, answer),
        "why": why(record),
        "error": record.error,
        **{name: usage.get(name) for name in ("calls", "prompt_tokens", "completion_tokens", "seconds")},
        "cost": None if usage.get("unpriced") else usage.get("cost"),
        "tokens": int(usage.get("prompt_tokens") or 0) + int(usage.get("completion_tokens") or 0),
        "created": _time(record.created),
        "finished": _time(record.finished),
        "metadata": spec.get("metadata") or None,
    }
    return row


def why(record: RunRecord) -> str:
    """The reason why a run stopped, or what it waits for."""
    if isinstance(record.result, Mapping) and record.status is Status.DONE:
        reason = str(record.result.get("reason", ""))
        return WHY.get(reason, reason)
    return _OPEN.get(record.status, "").format(run=record.id)


def _right(task: str, expected: object, answer: object) -> bool | None:
    """Whether the answer is the expected one, as the task compares the two; None without an expected answer."""
    if expected is None:
        return None
    if not isinstance(answer, str):
        return False
    wanted = str(expected).strip()
    try:
        loaded = tasks.load(task)
    except BranchwiseError:
        return answer.strip().casefold() == wanted.casefold()
    given, right = loaded.answer(answer) or answer, loaded.answer(wanted) or wanted
    return answer == wanted or loaded.same(answer, right) or loaded.same(given, right)


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _time(seconds: float | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return None


def money(cost: float | None) -> str:
    """US dollars; "unknown" if a price is not known."""
    return "unknown" if cost is None else f"${cost:.4f}"


def short(value: object, most: int) -> str:
    """A value in one line of at most `most` characters."""
    text = " ".join(str("" if value is None else value).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
