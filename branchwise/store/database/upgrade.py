"""Upgrade a database in place."""

from __future__ import annotations

from branchwise.store.database.connection import connect
from branchwise.store.database.schema import HEAD, migrate


def upgrade(url: str | None = None) -> tuple[str | None, str]:
    """Migrate the database at `url` to this code's schema; returns the old and the new revision.

    Raises:
        StoreError: The database cannot be used, or it was written by a newer branchwise.
    """
    with connect(url) as engine:
        return migrate(engine), HEAD
