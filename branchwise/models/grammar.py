"""llguidance grammars for the embedded engine: choices and regular expressions, each one terminal.

llama.cpp's own notation was three times slower on forty choices: it tries every open alternative on every token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from re import _constants as kind  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from branchwise.store.errors import Unsupported

_SPACE = [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]
_EVERY_SPACE = "".join(f"\\x{{{code:X}}}" for code in [*_SPACE, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000])
_CLASSES = {
    kind.CATEGORY_DIGIT: "0-9",
    kind.CATEGORY_WORD: r"0-9A-Za-z\x{5F}",
    kind.CATEGORY_SPACE: r"\x{20}\x{9}\x{A}\x{D}",
}
_FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.ASCII


def choices_grammar(choices: Sequence[str]) -> str:
    """A grammar that accepts exactly these texts."""
    return _terminal("|".join(_text(choice) for choice in choices))


def regex_grammar(pattern: str, excluded: Sequence[str] = ()) -> str:
    """A grammar of texts that fully match `pattern` and are not in `excluded`.

    Python's own parser parses the pattern. Literals, classes, `.`, groups, alternation and repetition are supported. A
    class of letters, digits or white space is narrowed to ASCII: the grammar may allow less than the pattern does,
    never more.

    Raises:
        Unsupported: The pattern is broken or uses anchors, flags, look-around or back-references.
    """
    if not excluded:
        return _terminal(plain(pattern))
    left_out = "|".join(_text(text) for text in excluded)
    return f"%llguidance {{}}\nstart: TEXT\nTEXT: /(?:{plain(pattern)})/ & ~/(?:{left_out})/"


def plain(pattern: str) -> str:
    """Rewrite a pattern with explicit classes and escapes only, for Rust's regex syntax.

    Raises:
        Unsupported: As in `regex_grammar`.
    """
    try:
        parsed = parser.parse(pattern)
    except re.error as error:
        raise Unsupported(f"The regular expression `{pattern}` cannot be read: {error}.") from error
    if parsed.state.flags & _FLAGS:
        raise Unsupported(f"The regular expression `{pattern}` sets flags, which cannot constrain decoding.")
    return _sequence(parsed, pattern)


def _terminal(expression: str) -> str:
    # An empty expression would be parsed as a comment.
    return f"%llguidance {{}}\nstart: /(?:{expression})/"


def _sequence(items: Any, pattern: str) -> str:
    return "".join(_item(name, value, pattern) for name, value in items)


def _item(name: Any, value: Any, pattern: str) -> str:
    if name is kind.LITERAL:
        return _character(value)
    if name in {kind.ANY, kind.NOT_LITERAL}:
        return f"[^{_character(10 if name is kind.ANY else value)}]"
    if name is kind.IN:
        return _class(value, pattern)
    if name is kind.SUBPATTERN and not value[1] and not value[2]:
        return f"(?:{_sequence(value[3], pattern)})"
    if name is kind.BRANCH:
        return f"(?:{'|'.join(_sequence(branch, pattern) for branch in value[1])})"
    if name in {kind.MAX_REPEAT, kind.MIN_REPEAT}:
        low, high, inner = value
        most = "" if high is kind.MAXREPEAT else int(high)
        return f"(?:{_sequence(inner, pattern)}){{{low},{most}}}"
    raise Unsupported(f"The regular expression `{pattern}` uses `{name}`, which cannot constrain decoding.")


def _class(members: Any, pattern: str) -> str:
    negated = bool(members) and members[0][0] is kind.NEGATE
    visible = (kind.CATEGORY, kind.CATEGORY_NOT_SPACE)
    listed = [member for member in members[negated:] if negated or member != visible]
    inside = "".join(_member(name, value, negated, pattern) for name, value in listed)
    written = [f"[{'^' if negated else ''}{inside}]"] if inside else []
    if len(listed) < len(members[negated:]):
        written.append(f"[^{_EVERY_SPACE}]")
    return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"


def _member(name: Any, value: Any, negated: bool, pattern: str) -> str:
    if name is kind.LITERAL:
        return _character(value)
    if name is kind.RANGE:
        return f"{_character(value[0])}-{_character(value[1])}"
    # A negated class must exclude the full set, or it would allow more than the pattern does.
    if value is kind.CATEGORY_SPACE and negated:
        return _EVERY_SPACE
    if value in _CLASSES and not negated:
        return _CLASSES[value]
    raise Unsupported(f"The regular expression `{pattern}` uses `{value}`, which cannot constrain decoding.")


def _text(text: str) -> str:
    return "".join(_character(ord(character)) for character in text)


def _character(code: int) -> str:
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\x{{{code:X}}}"
