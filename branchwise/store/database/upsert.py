"""Insert a row that may be there already, on each database in its own words."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite


@cache
def upsert(table: sa.Table, dialect: str, update: Collection[str] = ()) -> sa.Insert:
    """Build the statement that inserts into `table`, or overwrites the columns `update` of the row that is there.

    Without `update` the old row stays as it is. Errors other than the primary key's still surface, which
    `INSERT IGNORE` would hide.

    Args:
        table: Where to insert.
        dialect: SQLAlchemy's name of the database.
        update: Names of columns to overwrite; a tuple, so that the statement is built once.
    """
    if dialect in {"mysql", "mariadb"}:
        insert = mysql.insert(table)
        keys = [column.name for column in table.primary_key]
        return insert.on_duplicate_key_update({name: insert.inserted[name] for name in update or keys[:1]})
    on_conflict = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    if not update:
        return on_conflict.on_conflict_do_nothing(index_elements=list(table.primary_key))
    return on_conflict.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: on_conflict.excluded[name] for name in update}
    )
