"""What went wrong in the database, in words a person can act on."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.errors import StoreError

_TRANSIENT_SQLSTATES = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"}
"""PostgreSQL: serialization failure, deadlock, lock timeout, shutdown, crash, start, too many clients."""
_TRANSIENT_MYSQL = {1040, 1205, 1213, 2002, 2003, 2006, 2013}
"""MySQL and MariaDB: too many clients, lock timeout, deadlock, and four ways to lose the connection."""
_COMING = ("is starting up", "is shutting down", "in recovery mode", "not yet accepting connections")
"""PostgreSQL's words to who connects: here its driver gives no code."""
_SQLITE_WORDS = {
    "disk is full": "The disk is full: free some space",
    "readonly": "The file cannot be written: check its permissions and those of its folder",
    "unable to open": "The file cannot be opened: check that its folder exists and is writable",
    "not a database": "The file is not an SQLite database: move it away or name another with --store",
    "malformed": "The file is damaged: restore a copy, or rescue what is left with `sqlite3 FILE .recover`",
    "disk i/o": "The disk reports an error: check it before you go on",
}


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed a moment later: a lock, a deadlock or a connection that broke."""
    if isinstance(error, exc.TimeoutError):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        return any(word in str(cause) for word in ("locked", "busy"))
    if error.connection_invalidated or getattr(cause, "sqlstate", None) in _TRANSIENT_SQLSTATES:
        return True
    number = cause.args[0] if cause is not None and cause.args else None
    return number in _TRANSIENT_MYSQL or _never_connected(cause)


def is_coming(error: exc.SQLAlchemyError) -> bool:
    """Whether a server answered that it is starting or stopping, so that it pays to wait for it."""
    said = str(getattr(error, "orig", None) or error)
    return any(words in said for words in _COMING)


def explain(error: exc.SQLAlchemyError | sqlite3.Error, url: sa.URL) -> StoreError:
    """Say in one sentence what is wrong with the database at `url` and what to do."""
    place = f"`{url.database}`" if url.get_backend_name() == "sqlite" else f"`{url.render_as_string()}`"
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    detail = cause[0] if cause else type(error).__name__
    for word, advice in _SQLITE_WORDS.items():
        if word in detail.lower():
            return StoreError(f"{advice}. Nothing was changed in {place} ({detail}).")
    return StoreError(f"The database {place} does not do what was asked: {detail}.")


def _never_connected(cause: BaseException | None) -> bool:
    """Whether psycopg failed before the server could give a reason."""
    return (
        type(cause).__name__ == "OperationalError"
        and type(cause).__module__.startswith("psycopg")
        and getattr(cause, "sqlstate", None) is None
        and "does not exist" not in str(cause)
        and "authentication" not in str(cause)
    )
