"""Column types that mean the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from branchwise.store.json_text import to_json
from branchwise.store.records import Json

_LONG = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4"), "mysql", "mariadb")
_UNSTORABLE = re.compile("[\x00\x10\ud800-\udfff]")
_ESCAPED = re.compile("\x10([0-9a-f]{4})")


def key(length: int) -> sa.types.TypeEngine[str]:
    """An ASCII key compared byte by byte, one byte a character: InnoDB indexes at most 3,072 bytes."""
    ascii_only = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return sa.String(length).with_variant(ascii_only, "mysql", "mariadb")


class Prose(sa.types.TypeDecorator[str]):
    """Any text, back as it was: NUL and lone surrogates, which databases refuse, are escaped."""

    impl = _LONG
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Escape what the database refuses."""
        if value is None or (value.isascii() and "\x00" not in value and "\x10" not in value):
            return value  # nearly always, and found far faster than by the pattern
        return _UNSTORABLE.sub(lambda match: f"\x10{ord(match[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Undo the escape."""
        if value is None or "\x10" not in value:
            return value
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)


class JsonText(sa.types.TypeDecorator[Json]):
    """JSON kept as text, its keys in their own order; NULL is None.

    SQL reads it with `json_extract`, or `::json` on PostgreSQL.
    """

    impl = _LONG
    cache_ok = True

    def process_bind_param(self, value: Json | None, dialect: sa.Dialect) -> str | None:
        """Write JSON."""
        return None if value is None else to_json(value, sort=False)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Json:
        """Read JSON."""
        return None if value is None else json.loads(value)


class now(FunctionElement[float]):  # noqa: N801 - reads as SQL
    """The database's clock in seconds since 1970; workers on many machines agree on no other."""

    type = sa.Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_sqlite(_element: now, _compiler: sa.Compiled, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgresql(_element: now, _compiler: sa.Compiled, **_options: Any) -> str:
    return "CAST(extract(epoch from clock_timestamp()) AS double precision)"


@compiles(now, "mysql")
@compiles(now, "mariadb")
def _now_mysql(_element: now, _compiler: sa.Compiled, **_options: Any) -> str:
    return "CAST(unix_timestamp(now(6)) AS double)"
