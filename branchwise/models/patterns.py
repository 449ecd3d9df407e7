"""Untrusted regular expressions, matched in linear time (RE2; docs/decisions/0019)."""

from __future__ import annotations

from functools import lru_cache

import re2

from branchwise.store.errors import BadInput

_LONGEST = 20_000
"""Characters of a pattern."""
_MEMORY = 64 * 2**20
"""Maximum bytes of one compiled pattern."""


class LinearPattern:
    r"""A compiled pattern whose matching time is linear in the length of the text.

    `\d`, `\w` and `\s` mean ASCII. Lone surrogates in a text are treated as U+FFFD.
    """

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str) -> None:
        options = re2.Options()
        options.log_errors = False  # otherwise the engine writes them to standard error
        options.max_mem = _MEMORY
        self.source = source
        self._compiled = re2.compile(source, options=options)

    def fullmatch(self, text: str) -> bool:
        """Whether the pattern matches the whole text."""
        return self._compiled.fullmatch(_encodable(text)) is not None

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        return self._compiled.search(_encodable(text)) is not None


@lru_cache(maxsize=256)
def linear_pattern(source: str) -> LinearPattern:
    """Compile a pattern from a user, a client or a row.

    Raises:
        BadInput: The pattern is broken or too large, or needs look-around or back-references, which have no
            linear-time matcher.
    """
    if len(source) > _LONGEST:
        raise BadInput(f"The regular expression has {len(source)} characters; at most {_LONGEST} are taken.")
    try:
        return LinearPattern(source)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error, re2.error) else "lone surrogates"
        raise BadInput(
            f"The regular expression `{source[:80]}` cannot be used: {reason}. "
            "Look-around, back-references and possessive groups are not taken."
        ) from error


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
