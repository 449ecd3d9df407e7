"""Works of the writer that only write rows: neighbours in a transaction are sent as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa

Row: TypeAlias = dict[str, object]
Change: TypeAlias = "tuple[sa.Insert | sa.Update, Sequence[Row]]"
"""A statement and its rows."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A work of `Database.write` of which many may be queued at once; it reads nothing."""

    guard: Callable[[sa.Connection], None]
    """Refuses the transaction when the rows may not be written."""
    changes: Sequence[Change]
    """In this order; of two such works queued together it must not matter which is first."""

    def __call__(self, connection: sa.Connection) -> None:
        """Write the rows."""
        at_once(connection, [self])


def at_once(connection: sa.Connection, works: Iterable[Bulk]) -> None:
    """Write the rows of several works, each statement once: sending one costs more than a row does."""
    rows: dict[sa.Insert | sa.Update, list[Row]] = {}
    for work in works:
        work.guard(connection)
        for statement, some in work.changes:
            rows.setdefault(statement, []).extend(some)
    for statement, all_ in rows.items():
        if all_:
            connection.execute(statement, all_ if len(all_) > 1 else all_[0])
