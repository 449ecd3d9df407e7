"""The points at which a worker can be told to die or to stop, found by what it says to its database.

The oracle is a file that every worker appends to, one line an act of the kernel, so it outlives them all:
`send DIGEST` when a request goes out, `kept RUN KEY` when its result is committed, `did EFFECT` when a mail is sent or
a door writes, `end POINT` or `stop POINT` as a worker's last word before a SIGKILL or a SIGSTOP.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

_WRITES = (
    ("INSERT INTO calls", "the intent"),
    ("UPDATE calls", "the result"),
    ("INSERT INTO nodes", "nodes"),
    ("INSERT INTO decisions", "a decision"),
    ("INSERT INTO lg_", "a checkpoint"),
    ("UPDATE runs SET elapsed", "a renewal"),
    ("UPDATE runs SET status", "the end"),
)
POINTS = {
    "claimed, before the first checkpoint": 2,
    "before send": 20,
    "after send": 20,
    "writing the intent": 20,
    "committing the intent": 15,
    "committed the intent": 15,
    "writing the result": 20,
    "committing the result": 15,
    "committed the result": 15,
    "writing nodes": 6,
    "committing nodes": 6,
    "writing a decision": 6,
    "writing a checkpoint": 3,
    "committing a checkpoint": 2,
    "writing a renewal": 1,
    "committing a renewal": 1,
    "writing the end": 2,
    "committed the end": 1,
    "before an effect": 1,
    "after an effect": 1,
}
"""Every point, and up to which pass of it a worker is told to end there."""
UNSTOPPABLE = ("before send",)
"""Between the last look at the lease and the sending: a worker stopped here for longer than its lease sends what
another has sent, and no client can prevent it. The last point before that look is "committed the intent"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doom:
    """When a worker shall end, and how."""

    point: str
    passes: int
    """How many times the point is passed before."""
    stop: bool = False
    """SIGSTOP instead of SIGKILL; once."""


class Oracle:
    """A worker's pen, and its doom."""

    def __init__(self, path: str, doom: Doom | None) -> None:
        self._file = os.open(path, os.O_APPEND | os.O_WRONLY | os.O_CREAT)
        self._doom = doom
        self._passed: Counter[str] = Counter()

    def say(self, line: str) -> None:
        """Append a line."""
        os.write(self._file, f"{line}\n".encode())

    def at(self, point: str) -> None:
        """Pass a point, or end there."""
        self._passed[point] += 1
        doom = self._doom
        if doom is None or (point, self._passed[point]) != (doom.point, doom.passes):
            return
        self.say(f"{'stop' if doom.stop else 'end'} {os.getpid()} {point}")
        os.kill(os.getpid(), signal.SIGSTOP if doom.stop else signal.SIGKILL)

    def watch(self, engine: sa.Engine) -> None:
        """Follow what the worker writes, and note each result that is committed."""
        sa.event.listen(engine, "before_cursor_execute", self._before)
        sa.event.listen(engine, "commit", self._commit)
        sa.event.listen(engine, "handle_error", _forget)
        sa.event.listen(engine, "checkin", self._committed)

    def _before(self, connection: sa.Connection, *rest: Any) -> None:
        statement, parameters = rest[1], rest[2]
        for beginning, what in _WRITES:
            if statement.startswith(beginning):
                self.at(f"writing {what}")
                connection.info.setdefault("writes", {})[what] = None
                if what == "the result":
                    rows = parameters if isinstance(parameters, list) else [parameters]
                    connection.info.setdefault("kept", []).extend(line for row in rows for line in _kept(row))

    def _commit(self, connection: sa.Connection) -> None:
        for what in connection.info.get("writes", ()):
            self.at(f"committing {what}")
        connection.info["committing"] = True

    def _committed(self, _raw: object, record: Any) -> None:
        # A connection is handed back after its commit; one that was rolled back has said so before.
        writes, kept = record.info.pop("writes", {}), record.info.pop("kept", [])
        if record.info.pop("committing", False):
            for line in kept:
                self.say(line)
            for what in writes:
                self.at(f"committed {what}")


def _forget(context: Any) -> None:
    """Whether a commit that failed has happened, nobody knows: it counts as neither kept nor lost."""
    if context.connection is not None and not context.connection.invalidated:
        for name in ("writes", "kept", "committing"):
            context.connection.info.pop(name, None)


def _kept(row: Any) -> Iterator[str]:
    """The line for a call that is done, from the parameters of the statement that ends it; SQLite's have no names."""
    if isinstance(row, dict):
        if row["state"] == "done":
            yield f"kept {row['b_run_id']} {row['b_key']}"
    elif row[0] == "done":
        *_, run, key, _attempt = row
        yield f"kept {run} {key}"
