"""Names that are compared byte by byte, in any script, and longer keys of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

import branchwise.store.database.checkpoint_tables  # noqa: F401 - `metadata` learns of them
from branchwise.store.database.columns import JsonText, Key, Prose
from branchwise.store.database.tables import metadata
from branchwise.store.database.views import create_views, drop_views

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Give the columns of texts their types anew; SQLite has compared bytes ever since, and bounds no length."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    drop_views(connection)
    there = sa.inspect(connection)
    mysql = connection.dialect.name != "postgresql"
    if mysql:  # keys that refer to each other change one after the other
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    for table in metadata.sorted_tables:
        if there.has_table(table.name):
            known = {column["name"]: column for column in there.get_columns(table.name)}
            changes = [
                _modified(column, known[column.name], connection.dialect)
                for column in table.columns
                if column.name in known and isinstance(column.type, Key | Prose | JsonText)
            ]
            connection.exec_driver_sql(f"ALTER TABLE {table.name} {', '.join(changes)}")
    if mysql:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
    create_views(connection)


def downgrade() -> None:
    """Leave the columns as they are: earlier releases read and write them."""


def _modified(column: sa.Column[str], there: Mapping[str, Any], dialect: sa.Dialect) -> str:
    name = dialect.identifier_preparer.quote(column.name)
    type_ = column.type.compile(dialect=dialect)
    if dialect.name == "postgresql":
        return f"ALTER COLUMN {name} TYPE {type_}"
    default = f" DEFAULT {there['default']}" if there.get("default") is not None else ""
    return f"MODIFY {name} {type_} {'NULL' if there['nullable'] else 'NOT NULL'}{default}"
