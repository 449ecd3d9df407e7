"""Connect to a database and translate the errors of opening it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from branchwise.store.database.dialects import make_engine, prepare_file
from branchwise.store.database.faults import RAISED, explain, unreadable
from branchwise.store.database.locate import locate, missing_driver


@contextmanager
def connect(url: str | None = None, *, keep: bool = False) -> Iterator[sa.Engine]:
    """Make an engine for the database at `url`; the schema is not checked.

    Args:
        url: See `locate`.
        keep: Keep the engine open on success.

    Raises:
        StoreError: The database cannot be reached, read or written, or it is damaged.
    """
    where = locate(url)
    try:
        engine = make_engine(where)
    except ImportError as error:
        raise missing_driver(where) from error
    try:
        prepare_file(engine)
        yield engine
    except RAISED as error:
        engine.dispose()
        raise explain(error, where) from error
    except UnicodeDecodeError as error:  # invalid bytes in the schema or in SQLite's own message
        engine.dispose()
        raise unreadable(error, where) from error
    except BaseException:
        engine.dispose()
        raise
    if not keep:
        engine.dispose()
