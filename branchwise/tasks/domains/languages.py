"""Language identification and sentence counts, by maintained libraries (docs/decisions/0085)."""

from __future__ import annotations

import re

from branchwise.tasks.domains.libraries import ask

CODES = frozenset(
    re.findall(
        r"\w+",
        "ar bg bn ca cs da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv ml mr ms ne nl no pa pl pt ro ru"
        " sk sl sq sr sv sw ta te th tl tr uk ur vi zh",
    )
)
"""The languages (ISO 639-1) that are distinguished: those of IFEval and their neighbours."""

_LONGEST = 20_000
_UNLIKELY = 0.03
_MARKS = re.compile(r"^[ \t]*(?:[-*•+>#|]{1,6}|\(?(?:\d{1,3}|[A-Za-z])[.)])(?=\s)[ \t]*", re.MULTILINE)
"""Mark that opens a list item, a heading or a quotation; its full stop does not end a sentence."""


def language(text: str) -> str | None:
    """The likeliest language of the text, or None without letters or without the library."""
    found = _ranked(text)
    return max(found, key=lambda code: found[code]) if found else None


def written_in(text: str, code: str) -> bool | None:
    """Whether the text is in a language; None if undecided.

    The likeliest language is taken as the text's; another one is excluded where its probability is below 3 %.

    Args:
        text: Any text.
        code: One of `CODES`.
    """
    found = _ranked(text)
    if not found or code not in found:
        return None
    if max(found, key=lambda other: found[other]) == code:
        return True
    return False if found[code] < _UNLIKELY else None


def sentences(text: str) -> tuple[int, int] | None:
    """The fewest and the most sentences that the text has, or None without the library.

    Marks of lists and emphasis do not count. A line without a final full stop may continue in the next line,
    as in the official splitter, or be a separate sentence, as in a heading or a list; this gives the two
    counts.
    """
    plain = re.sub(r"\*\*|__|`", "", _MARKS.sub("", text))
    found = [ask("sentences", form, "en") for form in (" ".join(plain.split()), plain)]
    fewest, most = (number if isinstance(number, int) else None for number in found)
    return None if fewest is None or most is None else (min(fewest, most), max(fewest, most))


def _ranked(text: str) -> dict[str, float]:
    """Language -> probability."""
    text = text[:_LONGEST]
    if not any(letter.isalpha() for letter in text):
        return {}
    found = ask("language", text, " ".join(sorted(CODES)))
    return {str(code): float(str(p)) for code, p in found.items()} if isinstance(found, dict) else {}
