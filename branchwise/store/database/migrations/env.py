"""Alembic's environment script; `schema` passes it the connection."""

from __future__ import annotations

from alembic import context

from branchwise.store.database.schema import VERSION_TABLE
from branchwise.store.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_schema=context.config.attributes["schema"],
    render_as_batch=True,  # SQLite alters a table by recreating it
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
