r"""Normalisation of replies: remove Markdown, LaTeX wrappers and code fences, unify dashes and spaces."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 100_000
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
_COMMANDS = re.compile(r"\\(?:boxed|fbox|text|textbf|mathbf|mathrm|textrm)\s{0,3}\{([^{}\n]*)\}")
_LATEX = re.compile(r"\\[()\[\]]|\$|\\[,;:! ]|~")
_BULLET = re.compile(r"^[ \t]*(?:[-*+•>#]{1,6}[ \t]+|\(?\d{1,3}[.)][ \t]+)+", re.MULTILINE)
_EMPHASIS = re.compile(r"\*{1,3}|_{2,3}|`+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))

NUMBERS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen",
)
"""The number words below twenty, in order."""
_TENS = {
    word: 10 * n
    for n, word in enumerate(re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety"), 2)
}
_BELOW_TWENTY = "|".join(sorted(NUMBERS, key=len, reverse=True))
_WORD = rf"(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(NUMBERS[1:10])}))?|{_BELOW_TWENTY}"
_COUNTED = re.compile(
    rf"\b(?:(?P<before>days?) (?P<n>{_WORD})|(?P<m>{_WORD})(?P<after>[ -](?:days?|minutes?|hours?)))\b",
    re.IGNORECASE,
)
_SPAN_OF_DAYS = re.compile(rf"(?<=\d)(?P<sep> ?(?:-|to|and|through|until) ?)(?P<n>{_WORD})\b", re.IGNORECASE)


def plain(text: str) -> str:
    r"""The text as its reader sees it: without emphasis, fences, list marks, `\boxed{}`, `\( \)`; dashes are `-`."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST].replace("\r\n", "\n").translate(_DASHES)).translate(
        _DASHES
    )
    text = _FENCE.sub("", text)
    for _ in range(3):
        text = _COMMANDS.sub(r"\1", text)
    text = _LATEX.sub(" ", text.replace("{:}", ":"))
    text = _BULLET.sub("", _EMPHASIS.sub("", _BULLET.sub("", text)))
    return "\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n")).strip()


def digits(text: str) -> str:
    """Write the number words beside days, minutes and hours in digits: `day one to three`, `twenty-five minutes`."""

    def counted(found: re.Match[str]) -> str:
        if found["before"]:
            return f"{found['before']} {number(found['n'])}"
        return f"{number(found['m'])}{found['after']}"

    return _SPAN_OF_DAYS.sub(lambda m: f"{m['sep']}{number(m['n'])}", _COUNTED.sub(counted, text))


def number(word: str) -> int:
    """The value of a number word below a hundred.

    Raises:
        ValueError: It is not a number word.
    """
    tens, _, ones = re.sub(r"[ -]", " ", word.lower()).partition(" ")
    if tens in _TENS:
        return _TENS[tens] + (NUMBERS.index(ones) if ones else 0)
    return NUMBERS.index(tens)
