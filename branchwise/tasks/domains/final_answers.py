r"""Parser of the final answer in a chat model's reply: boxed, after `####` or `Answer:`, in bold, or displayed."""

from __future__ import annotations

import re

_SAID = re.compile(
    r"\b(?:final |correct )?answer(?:s)?\b[ \t]*+"
    r"(?:[*_]{0,3}[ \t]*+:|(?:(?<=[ \t])|[*_]{1,3}[ \t]++)(?:is|are|=)\b[ \t]*+:?|=)(?P<rest>[^\n]{0,2000})",
    re.IGNORECASE,
)
_HASHES = re.compile(r"^[ \t*_>]{0,8}####(?!#)(?P<rest>[^\n]{0,2000})$", re.MULTILINE)
# Neither matches past another opening sign, so that many unclosed openings take linear time.
_DISPLAY = re.compile(
    r"\\\[(?P<one>(?:(?!\\[\[\]]).){1,2000})\\\]|\$\$(?P<two>(?:(?!\$\$).){1,2000})\$\$", re.DOTALL
)
_INLINE = re.compile(
    r"\\\((?P<one>(?:(?!\\[()]).){1,2000})\\\)|(?<!\\)\$(?P<two>[^$\n]{1,2000})(?<!\\)\$", re.DOTALL
)
_BOLD = re.compile(r"\*\*(?P<one>[^*\n]{1,200})\*\*")
_NUMBER = re.compile(r"(?<![\w.])-?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:/\d+)?|(?<![\w.])-?\.\d+")
_REASON = re.compile(
    r"(?:,|(?<![\s,]))\s++(?:because|since|as|which|where|but|not|so)\b|(?<!\s)\s++\([A-Za-z][A-Za-z -]*\)\.?$",
    re.IGNORECASE,
)
"""Text after an answer in prose: `(C) because ...`, `7, not 8`, `12 (twelve)`."""
_HOLDS = re.compile(r"[\w\\(\[$]")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.MULTILINE)
_LONGEST = 200_000
_MARKS = 20
"""Number of the last marks that are examined."""


def said_answer(text: str) -> str | None:
    r"""The answer of a reply, without its markup; None without one.

    The last `\boxed{}` that is not empty; else the last `####` line; else what follows the last `answer is` or
    `Answer:`, on its line or the next; else the last formula that is displayed, then the last one in the last
    paragraph, then its last bold words with a digit, then the last number.
    """
    text = _FENCE.sub("", text[-_LONGEST:].replace("\r\n", "\n"))
    found = _boxed(text) or _marked(text)
    if found is not None:
        return unwrapped(found) or None
    last = text.strip().rpartition("\n\n")[2]
    for pattern, where in ((_DISPLAY, text), (_INLINE, last)):
        spans = list(pattern.finditer(where))
        if spans:
            return unwrapped(_last_side(spans[-1]["one"] or spans[-1]["two"])) or None
    bold = [span["one"] for span in _BOLD.finditer(last) if re.search(r"\d", span["one"])]
    if bold and _NUMBER.search(bold[-1]) and len(bold[-1].split()) < 6:
        return unwrapped(bold[-1]) or None
    return last_number(text)


def last_number(text: str) -> str | None:
    """The last number of a text."""
    numbers = _NUMBER.findall(text)
    return numbers[-1].rstrip(",") if numbers else None


def unwrapped(text: str) -> str:
    r"""An answer without emphasis, code marks, `\( \)`, `\[ \]`, `$`, `\boxed{}` and a closing full stop.

    Words beside one formula are dropped: `$\frac34$ inches` is `\frac34`.
    """
    text = text.strip()
    if not text.startswith("**"):
        text = re.sub(r"(?<=[\w)])\*\*(?=[\w({-])", "^", text)  # a power, as programs write it
    for _ in range(8):
        before = text
        text = re.sub(r"\*\*|__|`", "", text).strip()
        if text[:1] in {"*", "_"} or text[-1:] in {"*", "_"}:
            text = text.strip("*_").strip()
        inner = re.fullmatch(
            r"\\\[(.*)\\\]|\\\((.*)\\\)|\$\$(.*)\$\$|\$([^$]*)\$", text.rstrip("."), re.DOTALL
        )
        if inner:
            text = next(part for part in inner.groups() if part is not None)
        text = _boxed(text) or text if text.startswith(("\\boxed", "\\fbox")) else text
        text = _without_stop(text.strip())
        if text == before:
            break
    spans = list(_INLINE.finditer(text))
    outside = _INLINE.sub("", text)
    if len(spans) == 1 and not re.search(r"[\d\\=]", outside):
        return unwrapped(spans[0]["one"] or spans[0]["two"])
    return re.sub(r"(?<!\\)\$(?!\d)|\\[()\[\]]", "", text).strip() if spans else text


def _without_stop(text: str) -> str:
    text = text.rstrip(";,").rstrip()
    return text[:-1].rstrip() if text.endswith(".") else text


def _boxed(text: str) -> str | None:
    r"""The content of the last closed, non-empty `\boxed{}` or `\fbox{}`, with brackets matched."""
    for start in reversed([found.start() for found in re.finditer(r"\\f?box(?:ed)?\s{0,3}\{", text)][-20:]):
        begin, depth = text.index("{", start) + 1, 1
        for at in range(begin, min(len(text), begin + 4000)):
            depth += {"{": 1, "}": -1}.get(text[at], 0) if text[at - 1] != "\\" else 0
            if depth == 0:
                if text[begin:at].strip():
                    return text[begin:at]
                break
    return None


def _marked(text: str) -> str | None:
    """The text after the last mark that is followed by any."""
    hashes = [found["rest"] for found in _HASHES.finditer(text) if _HOLDS.search(found["rest"])]
    if hashes:
        inner = _SAID.search(hashes[-1])
        return inner["rest"] if inner and _HOLDS.search(inner["rest"]) else hashes[-1]
    for found in reversed(list(_SAID.finditer(text))[-_MARKS:]):
        rest = found["rest"].strip(" \t*_:")
        if not _HOLDS.search(rest) or rest in {"\\[", "$$", "\\("}:
            rest = _next_lines(text[found.end() :] if not _HOLDS.search(rest) else rest + text[found.end() :])
        if rest and _HOLDS.search(rest):
            said = _sentence(rest)
            # `The answer is 18!` is an exclamation; a factorial is written after a colon or in a formula.
            return (
                said.rstrip("!*") if re.search(r"\b(?:is|are)\b", found[0][:40]) and "$" not in said else said
            )
    return None


def _next_lines(text: str) -> str:
    """The next line that is not empty, or the whole display that it opens."""
    text = text.strip()
    display = _DISPLAY.match(text)
    return display[0] if display else text.partition("\n")[0]


def _sentence(text: str) -> str:
    """The text up to the end of its sentence: a full stop before a space and a new word ends an answer."""
    display = _DISPLAY.match(text) or _INLINE.match(text)
    if display and not re.match(r"\s*[\w,+*/=-]", text[display.end() :]):
        return display[0]
    first = re.split(r"(?<=[\w)\]}$*])\.\**\s+(?=[A-Z(])", text, maxsplit=1)[0]
    reason = _REASON.search(first)
    return (
        first[: reason.start()]
        if reason and reason.start() and re.search(r"\d|\(?[A-Z]\)?$", first[: reason.start()])
        else first
    )


def _last_side(formula: str) -> str:
    """The last side of a calculation `2 + 3 = 5`; an equation of a name, `x = 5`, is kept whole."""
    sides = formula.split("=")
    if "," in formula:
        return formula
    if len(sides) > 2 or (len(sides) == 2 and re.search(r"\d\s*[-+*/]|\\(?:frac|times|cdot)", sides[0])):
        return sides[-1]
    return formula
