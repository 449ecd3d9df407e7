"""Batched execution of one statement, at half of SQLAlchemy's binding cost (docs/decisions/0009)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa

Row: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Prepared:
    sql: str
    names: tuple[str, ...]
    """Names of the parameters, in the statement's order."""
    positional: bool
    """Whether the driver uses positional parameters."""
    values: Callable[[Row], tuple[Any, ...]]
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]
    """The bind processors of the column types, by position."""

    def bind(self, row: Row) -> tuple[Any, ...] | dict[str, Any]:
        values = list(self.values(row))
        for place, process in self.processors:
            values[place] = process(values[place])
        return tuple(values) if self.positional else dict(zip(self.names, values, strict=True))


def send(connection: sa.Connection, statement: sa.Insert | sa.Update, rows: Sequence[Row]) -> None:
    """Execute `statement` for each row, in one round trip where the driver can.

    Args:
        connection: In a transaction.
        statement: Of at least two parameters, all of them named in every row. SQLAlchemy compiles it once for each set
            of names, so it should be built once.
        rows: At least one, all with the same names.
    """
    prepared = _prepared(statement, connection.dialect, tuple(rows[0]))
    bound = [prepared.bind(row) for row in rows]
    connection.exec_driver_sql(prepared.sql, bound if len(bound) > 1 else bound[0])


@lru_cache(maxsize=256)
def _prepared(statement: sa.Insert | sa.Update, dialect: sa.Dialect, names: tuple[str, ...]) -> _Prepared:
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
    ordered = tuple(compiled.positiontup or compiled.binds)
    found = (compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in ordered)
    return _Prepared(
        sql=compiled.string,
        names=ordered,
        positional=compiled.positional,
        values=itemgetter(*ordered),
        processors=tuple((place, process) for place, process in enumerate(found) if process is not None),
    )
