"""The connection to a database, and the faults that opening it can meet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.database.dialects import make_engine, prepare_file
from branchwise.store.database.faults import explain, unreadable
from branchwise.store.database.locate import locate, missing_driver


@contextmanager
def connect(url: str | None = None, *, keep: bool = False) -> Iterator[sa.Engine]:
    """Give an engine for the database at `url`, whose schema nobody has looked at yet.

    Args:
        url: See `locate`.
        keep: Leave the engine open when all went well.

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
    except (exc.SQLAlchemyError, sqlite3.Error) as error:
        engine.dispose()
        raise explain(error, where) from error
    except UnicodeDecodeError as error:  # damaged bytes, in the schema or in SQLite's own message about them
        engine.dispose()
        raise unreadable(error, where) from error
    except BaseException:
        engine.dispose()
        raise
    if not keep:
        engine.dispose()
