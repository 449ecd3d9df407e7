"""The list of runs: filtered in the database, with what each has spent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from branchwise.store.as_fields import as_fields
from branchwise.store.database.dialects import occurs_in
from branchwise.store.database.tables import runs
from branchwise.store.records import Json
from branchwise.store.rows import Status
from branchwise.ui.bills import Spent, spent
from branchwise.ui.brief import brief

MOST = 500
"""Runs of one list at most."""
FILTERS = ("status", "task", "strategy", "model", "workflow")
"""Columns of which a list may ask for one value."""
_OVER = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})
_PLAIN = ("id", "status", "task", "strategy", "model", "workflow", "created", "finished", "elapsed", "error")
_RESULT = ("solved", "score", "verified_by", "reason", "confidence")
_SHOWN = 160
"""Characters of a problem, an answer and an error."""
_KEPT = 5_000
"""Finished runs whose bills are remembered."""


class RunLister:
    """Lists runs; what a finished run has spent is read once."""

    def __init__(self) -> None:
        self._spent: dict[tuple[str, float], Spent] = {}

    def read(
        self,
        connection: sa.Connection,
        *,
        filters: Mapping[str, str],
        text: str = "",
        api_key: str | None = None,
        limit: int = 200,
    ) -> list[Json]:
        """List runs, newest first, without sub-runs.

        Args:
            connection: For reading.
            filters: Values of columns, by the names in `FILTERS`.
            text: A part of the id or of the request.
            api_key: Only the runs of this key.
            limit: At most so many, up to `MOST`.
        """
        names = (*_PLAIN, "spec", "result")
        query = sa.select(*(runs.c[name] for name in names)).where(runs.c.parent.is_(None))
        for name in FILTERS:
            if name in filters:
                query = query.where(runs.c[name] == filters[name])
        if text:
            wanted = sa.literal(text)
            spec = sa.type_coerce(runs.c.spec, sa.Text)
            query = query.where(sa.or_(occurs_in(wanted, runs.c.id), occurs_in(wanted, spec)))
        if api_key is not None:
            query = query.where(runs.c.api_key == api_key)
        query = query.order_by(runs.c.created.desc(), runs.c.id.desc()).limit(min(MOST, max(1, limit)))
        rows = connection.execute(query).mappings().all()
        bills = self._bills(connection, rows)
        return [{**_shown(row), **as_fields(bills.get(row["id"], Spent()))} for row in rows]

    def _bills(self, connection: sa.Connection, rows: Iterable[sa.RowMapping]) -> dict[str, Spent]:
        over = {row["id"]: (row["id"], row["finished"] or 0.0) for row in rows if row["status"] in _OVER}
        found = {name: self._spent[place] for name, place in over.items() if place in self._spent}
        found |= spent(connection, [row["id"] for row in rows if row["id"] not in found])
        if len(self._spent) > _KEPT:
            self._spent.clear()
        self._spent |= {place: found.get(name, Spent()) for name, place in over.items()}
        return found


def _shown(row: sa.RowMapping) -> dict[str, Json]:
    spec = row["spec"] if isinstance(row["spec"], Mapping) else {}
    given = spec.get("input")
    result = row["result"] if isinstance(row["result"], Mapping) else {}
    inner = given if isinstance(given, Mapping) else {}
    problem = spec.get("problem") or spec.get("goal") or inner.get("problem") or inner.get("goal") or given
    return {
        **{name: brief(row[name], text=_SHOWN) for name in _PLAIN},
        "problem": brief(problem, text=_SHOWN),
        "answer": brief(result.get("answer", result.get("output")), text=_SHOWN),
        **{name: brief(result.get(name), text=_SHOWN) for name in _RESULT},
        "questions": len(result.get("waiting") or ()) if row["status"] == Status.WAITING else 0,
    }
