"""Language identification and sentence counts, by maintained libraries (docs/decisions/0014)."""

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

_OTHER_SCRIPTS = frozenset(
    re.findall(r"\w+", "ar bg bn el fa gu he hi ja kn ko ml mr ne pa ru ta te th uk ur zh")
)
"""Of these, the languages that are not written in Latin letters."""
_BOTH_SCRIPTS = frozenset({"sr"})
_LATIN_END = "\u0250"
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_LETTERS_A_WORD = 2
_SOME, _MOST = 0.4, 0.6
_QUOTES = re.compile('["“”„«»]')
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

    The likeliest language is taken as the text's; another one is excluded where its probability is below 3 %. A text
    with more than three words in five in Latin letters is in no language of another script, and the other way
    round; with two or three it may be in two.

    Args:
        text: Any text.
        code: One of `CODES`.
    """
    found = _ranked(text)
    if not found or code not in found:
        return None
    strange = 0.0 if code in _BOTH_SCRIPTS else _strange_words(text[:_LONGEST], code)
    if strange > _MOST:
        return False
    if max(found, key=lambda other: found[other]) == code:
        return True if strange <= _SOME else None
    return False if found[code] < _UNLIKELY else None


def sentences(text: str) -> tuple[int, int] | None:
    """The fewest and the most sentences that the text has, or None without the library.

    Marks of lists and emphasis do not count, and sentences in quotation marks count one by one. A line without a
    final full stop may continue in the next line, as in the official splitter, or be a separate sentence, as in a
    heading or a list; this gives the two counts.
    """
    plain = _QUOTES.sub("", re.sub(r"\*\*|__|`", "", _MARKS.sub("", text)))
    found = [ask("sentences", form, "en") for form in (" ".join(plain.split()), plain)]
    fewest, most = (number if isinstance(number, int) else None for number in found)
    return None if fewest is None or most is None else (min(fewest, most), max(fewest, most))


def _strange_words(text: str, code: str) -> float:
    """The share of words in Latin letters where the language is not written in them, and the other way round."""
    latin = others = 0.0
    for word in text.split():
        letters = [letter for letter in word if letter.isalpha()]
        if not letters:
            continue
        if sum(letter < _LATIN_END for letter in letters) * 2 > len(letters):
            latin += 1
        else:  # Chinese, Japanese and Thai have no spaces between words
            others += max(1.0, len(letters) / _LETTERS_A_WORD) if _UNSPACED.search(word) else 1.0
    share = latin / (latin + others) if latin + others else 0.0
    return share if code in _OTHER_SCRIPTS else 1 - share


def _ranked(text: str) -> dict[str, float]:
    """Language -> probability."""
    text = text[:_LONGEST]
    if not any(letter.isalpha() for letter in text):
        return {}
    found = ask("language", text, " ".join(sorted(CODES)))
    return {str(code): float(str(p)) for code, p in found.items()} if isinstance(found, dict) else {}
