"""Connections to servers: prepared statements behind a pooler, and the largest statement that a server takes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from branchwise.store.errors import BadInput, TooLarge


def prepare_threshold(url: sa.URL) -> int | None:
    """After how many executions psycopg prepares a statement, by the store's URL; None for never.

    Raises:
        BadInput: The URL's value cannot be used.
    """
    given = url.query.get("prepare_threshold", "none")
    if given == "none":
        return None
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 7:
        return int(given)
    raise BadInput(f"`prepare_threshold` in the store's URL is a whole number or `none`, not {given!r}.")


def prepare_without_pooler(connection: Any, _record: object) -> None:
    """Let a new connection prepare statements unless it goes through a pooler."""
    # Behind a pooler in transaction mode (PgBouncer) a prepared statement's name may mean another client's statement,
    # which would be run without an error. A pooler reports another process id than that of the server process.
    reached = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    connection.rollback()
    connection.prepare_threshold = 5 if reached == connection.info.backend_pid else None


def ask_largest(connection: Any, record: Any) -> None:
    """Note the server's limit with a new connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet")
        record.info["largest"] = int(cursor.fetchone()[0])


def refuse_larger(
    connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> None:
    """Refuse a statement that the server would not take.

    Raises:
        TooLarge: Says the limit and its name.
    """
    # The server closes the connection on a packet that is too large, which looks like a transient fault.
    largest = connection.info.get("largest", 1 << 24)
    for row in parameters if isinstance(parameters, list) else [parameters]:
        values = row.values() if isinstance(row, dict) else row
        long = [
            value for value in values if isinstance(value, str | bytes | bytearray) and len(value) > 65536
        ]
        if long and len(statement) + sum(map(_sent, long)) + 65536 > largest:
            size = sum(len(value) for value in long) / 1e6
            raise TooLarge(
                f"A row of {size:.1f} MB is more than the server takes at once ({largest / 1e6:.0f} MB): "
                "raise its max_allowed_packet, or ask for less in one call."
            )


def _sent(value: str | bytes | bytearray) -> int:
    """Bytes of a value in a statement, escapes included."""
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return len(raw) + sum(raw.count(sign) for sign in b"\0\n\r\x1a\"'\\")
