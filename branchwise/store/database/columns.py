"""Column types with the same meaning on every database."""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.database import dialects
from branchwise.store.database.dialects import now
from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json
from branchwise.store.records import Json

__all__ = ["ByteKey", "JsonText", "Key", "Prose", "key", "now"]

_UNSTORABLE = re.compile("[\x00\x10\ud800-\udfff]")
_ESCAPED = re.compile("\x10([0-9a-f]{4})")
_NO_NAME = re.compile("[\x00\ud800-\udfff]")
_SHOWN = 40
"""Characters of a refused name in the error."""


class _Refused(BadInput, exc.DontWrapMixin):
    """A name that a database cannot store; SQLAlchemy does not wrap this error."""


class Key(sa.types.TypeDecorator[str]):
    """A name, compared byte by byte on every database: case, accents and trailing spaces count.

    Its length is checked here, in characters, so that all databases accept the same names.
    """

    impl = sa.String
    cache_ok = True
    unit = "characters"

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:  # text or bytes
        """Pick the column type."""
        return dialect.type_descriptor(dialects.name_type(dialect, self.length))

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> object:
        """Refuse a name that is too long, or not text.

        Raises:
            BadInput: It is.
        """
        if value is None or (len(value) <= self.length and value.isascii() and "\x00" not in value):
            return value  # nearly always
        return self._checked(value, len(value))

    def _checked(self, value: str, size: int) -> str:
        shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}..."
        if size > self.length:
            raise _Refused(f"The name {shown!r} has {size} {self.unit}; at most {self.length} are taken.")
        if _NO_NAME.search(value):
            raise _Refused(
                f"The name {shown!r} holds a character that databases cannot store: NUL, or half a surrogate pair."
            )
        return value


class ByteKey(Key):
    """A checkpoint key chosen by any program; its bytes are limited, because indexes limit bytes."""

    cache_ok = True
    unit = "bytes"

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Pick the column type."""
        return dialect.type_descriptor(dialects.bytes_key_type(dialect, self.length))

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> object:
        """Refuse keys that are too long; encode them where the column is bytes.

        Raises:
            BadInput: It is too long, or not text.
        """
        if value is None:
            return None
        coded = value.encode("utf-8", "surrogatepass")
        self._checked(value, len(coded))
        return coded if dialects.keeps_bytes(dialect) else value

    def process_result_value(self, value: object, dialect: sa.Dialect) -> str | None:
        """Decode a key that is stored as bytes."""
        return bytes(value).decode() if isinstance(value, bytes | bytearray) else value  # type: ignore[return-value]


def key(length: int) -> Key:
    """A name of at most `length` characters; an InnoDB index holds 704 characters in sum (two or three keys)."""
    return Key(length)


class _Long(sa.types.TypeDecorator[Any]):
    """A text of any length."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Pick the column type."""
        return dialect.type_descriptor(dialects.long_text_type(dialect))


class Prose(_Long):
    """Any text, restored exactly: NUL and lone surrogates, which databases refuse, are escaped."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Escape what the database refuses."""
        if value is None or (value.isascii() and "\x00" not in value and "\x10" not in value):
            return value  # the usual case, and much faster than the pattern
        return _UNSTORABLE.sub(lambda match: f"\x10{ord(match[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Undo the escape."""
        if value is None or "\x10" not in value:
            return value
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)


class JsonText(_Long):
    """JSON stored as text in the order of its keys; NULL is None.

    Query it in SQL with `json_extract`, or `::json` on PostgreSQL.
    """

    cache_ok = True

    def process_bind_param(self, value: Json | None, dialect: sa.Dialect) -> str | None:
        """Write JSON."""
        return None if value is None else to_json(value, sort=False)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Json:
        """Read JSON."""
        return None if value is None else json.loads(value)
