"""Classify database errors as transient or permanent, and explain them."""

from __future__ import annotations

import sqlite3
from enum import Enum

import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.errors import Damaged, StoreError, Unavailable

_BUSY_STATES = {"40001", "40P01", "55P03", "57014", "53200", "25P03", "25P04"}
"""PostgreSQL: serialization failure, deadlock, lock or statement timeout, memory, two more timeouts."""
_AWAY_STATES = {"57P01", "57P02", "57P03", "57P05", "53100", "53300", "25006", "26000", "42P05", "40003"}
"""PostgreSQL: shutdown, crash, start, an idle session's end, full disk, too many clients, read-only (a primary that was
demoted), two kinds of prepared statements mixed up by a pooler, outcome unknown. Class 08 is the connection's end."""
_BUSY_NUMBERS = {1020, 1205, 1213, 1317, 1412, 1615, 1969, 3024, 3101, 3572}
"""MySQL and MariaDB: a row or table that has changed, lock timeout, deadlock, interrupted, table changed, statement to
be prepared again, two statement timeouts, refused by the cluster, lock not free."""
_AWAY_NUMBERS = {
    *(1021, 1037, 1038, 1041, 1114),  # a full disk, memory or table
    *(1040, 1203, 1226),  # too many clients
    *(
        1053,
        1077,
        1079,
        1152,
        1158,
        1159,
        1160,
        1161,
        1184,
        1927,
        2002,
        2003,
        2006,
        2013,
        2055,
        4031,
    ),  # hung up
    *(1792, 1836),  # read-only
}
_OPTION_PREVENTS = 1290
"""A server option prevents the statement: transient if the option is `read_only`."""
_NO_SPACE = (1030, "28")
"""The storage engine's own number for a full disk."""
_COMING = ("is starting up", "is shutting down", "in recovery mode", "not yet accepting connections")
"""PostgreSQL's messages at connection time, for which its driver gives no code."""
_SQLITE_WORDS = {
    "disk is full": "The disk is full: free some space",
    "readonly": "The file cannot be written: check its permissions and those of its folder",
    "unable to open": "The file cannot be opened: check that its folder exists and is writable",
    "not a database": "The file is not an SQLite database: move it away or name another with --store",
    "malformed": "The file is damaged: restore a copy, or rescue what is left with `sqlite3 FILE .recover`",
    "disk i/o": "The disk reports an error: check it before you continue",
}
_SERVER_WORDS = {
    "permission denied": "The role may not do this: grant it what it lacks, or use another",
    "command denied": "The role may not do this: grant it what it lacks, or use another",
}


RAISED = (exc.SQLAlchemyError, sqlite3.Error)
"""Errors of opening a database; SQLite's own come from a connection that SQLAlchemy does not wrap yet."""
UNREADABLE = (ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""Exceptions raised when a row's values do not fit its columns."""


class Fault(Enum):
    """Kinds of database faults."""

    LASTING = "lasting"
    """The same operation will fail again."""
    BUSY = "busy"
    """The operation may succeed a moment later: a lock, a deadlock, a time limit."""
    AWAY = "away"
    """The server is unreachable or read-only; open connections are unusable."""


def fault(error: BaseException) -> Fault:
    """Classify an error as transient, unavailable or permanent."""
    if isinstance(error, exc.TimeoutError):
        return Fault.BUSY
    cause = getattr(error, "orig", None)
    if not isinstance(error, exc.DBAPIError) or cause is None:
        return Fault.LASTING
    if isinstance(cause, sqlite3.OperationalError):
        passing = any(word in str(cause) for word in ("locked", "busy", "schema has changed"))
        return Fault.BUSY if passing else Fault.LASTING
    state = getattr(cause, "sqlstate", None)
    if state in _BUSY_STATES or (state == "0A000" and "cached plan" in str(cause)):
        return Fault.BUSY
    number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
    if number in _BUSY_NUMBERS:
        return Fault.BUSY
    away = (
        error.connection_invalidated
        or state in _AWAY_STATES
        or (state or "").startswith("08")
        or number in _AWAY_NUMBERS
        or (number == _OPTION_PREVENTS and "read" in str(cause) and "only" in str(cause))
        or (number == _NO_SPACE[0] and _NO_SPACE[1] in str(cause))
        or _never_connected(cause)
    )
    return Fault.AWAY if away else Fault.LASTING


def is_coming(error: exc.SQLAlchemyError) -> bool:
    """Whether the server reported that it is starting or stopping, so that waiting makes sense."""
    said = str(getattr(error, "orig", None) or error)
    return any(words in said for words in _COMING)


def explain(error: exc.SQLAlchemyError | sqlite3.Error, url: sa.URL) -> StoreError:
    """One sentence on what is wrong with the database at `url` and what to do."""
    place = f"`{url.database}`" if url.get_backend_name() == "sqlite" else f"`{url.render_as_string()}`"
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    detail = cause[0] if cause else type(error).__name__
    words = _SQLITE_WORDS if url.get_backend_name() == "sqlite" else _SERVER_WORDS
    for word, advice in words.items():
        if word in detail.lower():
            return StoreError(f"{advice}. Nothing was changed in {place} ({detail}).")
    kind = StoreError if fault(error) is Fault.LASTING else Unavailable
    return kind(f"The database {place} does not do what was asked: {detail}.")


def unreadable(error: Exception, url: sa.URL) -> StoreError:
    """The error for a row that branchwise cannot have written."""
    place = url.render_as_string(hide_password=True)
    said = f"{type(error).__name__}: {str(error)[:120]}"
    return Damaged(
        f"A row of `{place}` cannot be read ({said}): it is damaged, or another program wrote it. "
        "Restore a copy of the database, or remove the run."
    )


def _never_connected(cause: BaseException) -> bool:
    """Whether psycopg failed before the server gave a reason."""
    return (
        type(cause).__name__ == "OperationalError"
        and type(cause).__module__.startswith("psycopg")
        and getattr(cause, "sqlstate", None) is None
        and "does not exist" not in str(cause)
        and "authentication" not in str(cause)
    )
