"""The rules of IFEval (Zhou et al. 2023, arXiv 2311.07911): checkers of its 25 instructions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from branchwise.tasks.domains.languages import CODES, sentences, written_in

Facts: TypeAlias = Mapping[str, Any]
"""The arguments of one instruction, as `ARGUMENTS` types them."""

_ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_CONTRACTED = re.compile(r"(?<=\w)(?:n't|'(?:s|m|d|ll|re|ve))$", re.IGNORECASE)
_FENCED = ("```json", "```Json", "```JSON", "```")

ARGUMENTS: Mapping[str, Mapping[str, type]] = {
    "change_case:capital_word_frequency": {"capital_relation": str, "capital_frequency": int},
    "change_case:english_capital": {},
    "change_case:english_lowercase": {},
    "combination:repeat_prompt": {"prompt_to_repeat": str},
    "combination:two_responses": {},
    "detectable_content:number_placeholders": {"num_placeholders": int},
    "detectable_content:postscript": {"postscript_marker": str},
    "detectable_format:constrained_response": {},
    "detectable_format:json_format": {},
    "detectable_format:multiple_sections": {"section_spliter": str, "num_sections": int},
    "detectable_format:number_bullet_lists": {"num_bullets": int},
    "detectable_format:number_highlighted_sections": {"num_highlights": int},
    "detectable_format:title": {},
    "keywords:existence": {"keywords": list},
    "keywords:forbidden_words": {"forbidden_words": list},
    "keywords:frequency": {"relation": str, "keyword": str, "frequency": int},
    "keywords:letter_frequency": {"let_relation": str, "letter": str, "let_frequency": int},
    "language:response_language": {"language": str},
    "length_constraints:nth_paragraph_first_word": {
        "first_word": str,
        "num_paragraphs": int,
        "nth_paragraph": int,
    },
    "length_constraints:number_paragraphs": {"num_paragraphs": int},
    "length_constraints:number_sentences": {"relation": str, "num_sentences": int},
    "length_constraints:number_words": {"relation": str, "num_words": int},
    "punctuation:no_comma": {},
    "startend:end_checker": {"end_phrase": str},
    "startend:quotation": {},
}
"""Instruction -> its arguments and their types; all are required."""


def follows(instruction: str, text: str, facts: Facts) -> bool | None:
    """Whether the text follows one instruction; an empty text follows none. None if undecided.

    The rules are the official ones but for these: a keyword is a text and not a pattern, a letter may be any
    character, languages are identified by py3langid and sentences by sentencex, which differ from the
    official libraries on some texts. Without these libraries (the extra `grading`) both are undecided.

    Raises:
        KeyError: There is no such instruction.
    """
    return bool(text.strip()) and _RULES[instruction](text, facts)


def instruction_words(instruction: str, facts: Facts) -> str:
    """An instruction in words."""
    arguments = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items())
    return f"{instruction.partition(':')[2].replace('_', ' ')}{': ' if arguments else ''}{arguments}"


def well_formed(instruction: str, facts: object) -> bool:
    """Whether the instruction exists and its arguments have their types and can be checked."""
    wanted = ARGUMENTS.get(instruction)
    if wanted is None or not isinstance(facts, Mapping) or set(facts) != set(wanted):
        return False
    if not all(type(facts[name]) is kind for name, kind in wanted.items()):
        return False
    return all(_sensible(name, value) for name, value in facts.items())


def _sensible(name: str, value: object) -> bool:
    if name.endswith("relation"):
        return value in {"at least", "less than"}
    if name == "language":
        return value in CODES
    if isinstance(value, list):
        return all(isinstance(word, str) and word for word in value)
    return not isinstance(value, str) or bool(value.strip())


def _compare(number: int, relation: str, limit: int) -> bool:
    return number < limit if relation == "less than" else number >= limit


def words(text: str) -> int:
    """The number of words, as the official rule counts them."""
    return len(re.findall(r"\w+", text))


def _sentences(text: str, facts: Facts) -> bool | None:
    """Whether the count fits; None if it depends on a line without a full stop being a sentence of its own."""
    told = {_compare(number, facts["relation"], facts["num_sentences"]) for number in sentences(text) or ()}
    return told.pop() if len(told) == 1 else None


def _in_english(text: str, cased: bool) -> bool:
    """Whether the case is right and the text is not plainly in another language, as the official rule asks."""
    return cased and written_in(text, "en") is not False


def _blocks(text: str, divider: str) -> list[str] | None:
    """The parts between dividers; None if an inner one is empty."""
    parts = re.split(divider, text)
    if any(not part.strip() for part in parts[1:-1]):
        return None
    return [part.strip() for part in parts if part.strip()]


def _paragraphs(text: str, facts: Facts) -> bool:
    blocks = _blocks(text, r"\s?\*\*\*\s?")
    return blocks is not None and len(blocks) == facts["num_paragraphs"]


def _two_responses(text: str, facts: Facts) -> bool:
    blocks = _blocks(text, r"\*{6}")
    return blocks is not None and len(blocks) == 2 and blocks[0] != blocks[1]


def _nth_paragraph(text: str, facts: Facts) -> bool:
    parts = text.split("\n\n")
    number = sum(1 for part in parts if part.strip())
    nth = facts["nth_paragraph"]
    if not 1 <= nth <= len(parts) or nth > number or not parts[nth - 1].strip():
        return False
    word = re.split(r"[.,?!'\"]", parts[nth - 1].split()[0].lstrip("'").lstrip('"'), maxsplit=1)[0]
    return bool(number == facts["num_paragraphs"] and word.lower() == facts["first_word"].lower())


def _postscript(text: str, facts: Facts) -> bool:
    marker = facts["postscript_marker"]
    patterns = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    return re.search(patterns.get(marker, re.escape(marker.lower())), text.lower()) is not None


def _json(text: str, facts: Facts) -> bool:
    body = text.strip()
    for opening in _FENCED:
        body = body.removeprefix(opening)
    try:
        json.loads(body.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _bullets(text: str, facts: Facts) -> bool:
    # The official rule also skips empty lines before a bullet, which changes no count and costs quadratic time.
    stars = re.findall(r"^[^\S\n]*\*[^*].*$", text, re.MULTILINE)
    dashes = re.findall(r"^[^\S\n]*-.*$", text, re.MULTILINE)
    return bool(len(stars) + len(dashes) == facts["num_bullets"])


def _highlights(text: str, facts: Facts) -> bool:
    single = sum(1 for found in re.findall(r"\*([^\n*]*)\*", text) if found.strip())
    double = sum(1 for found in re.findall(r"\*\*([^\n*]*)\*\*", text) if found.strip())
    return bool(single + double >= facts["num_highlights"])


def _sections(text: str, facts: Facts) -> bool:
    found = re.findall(rf"{re.escape(facts['section_spliter'])}\s?\d+", text)
    return bool(len(found) >= facts["num_sections"])


def _keyword_count(text: str, facts: Facts) -> bool:
    number = len(re.findall(re.escape(facts["keyword"]), text, re.IGNORECASE))
    return _compare(number, facts["relation"], facts["frequency"])


def _forbidden(text: str, facts: Facts) -> bool:
    words = facts["forbidden_words"]
    return not any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in words)


def _capitals(text: str, facts: Facts) -> bool:
    """Count words as the official tokeniser cuts them: `DON'T` is two, `STATE-OF-THE-ART` and `A/B` are one."""
    number = 0
    for piece in re.split(r"\s+|--|\.{3}|[;@#$%&?!()\[\]{}<>\"]|[:,](?=\D|$)", text):
        word = piece.strip(".'")
        tail = _CONTRACTED.search(word)
        number += (word[: tail.start()] if tail else word).isupper() + (
            tail is not None and tail[0].isupper()
        )
    return _compare(number, facts["capital_relation"], facts["capital_frequency"])


def _titled(text: str, facts: Facts) -> bool:
    r"""`<<[^\n]+>>`, in linear time: from a line's first `<<` to its last `>>`."""
    for line in text.split("\n"):
        first, last = line.find("<<"), line.rfind(">>")
        if 0 <= first < last - 2 and line[first:last].lstrip("<").rstrip(">").strip():
            return True
    return False


def _placeholders(text: str, facts: Facts) -> bool:
    r"""`\[.*?\]`, in linear time."""
    number = 0
    for line in text.split("\n"):
        at = line.find("[")
        while at >= 0 and (end := line.find("]", at)) >= 0:
            number += 1
            at = line.find("[", end)
    return bool(number >= facts["num_placeholders"])


def _quoted(text: str, facts: Facts) -> bool:
    text = text.strip()
    return len(text) > 1 and text[0] == text[-1] == '"'


_RULES: Mapping[str, Callable[[str, Facts], bool | None]] = {
    "change_case:capital_word_frequency": _capitals,
    "change_case:english_capital": lambda text, _: _in_english(text, text.isupper()),
    "change_case:english_lowercase": lambda text, _: _in_english(text, text.islower()),
    "combination:repeat_prompt": lambda text, f: (
        text.strip().lower().startswith(f["prompt_to_repeat"].strip().lower())
    ),
    "combination:two_responses": _two_responses,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:constrained_response": lambda text, _: any(answer in text for answer in _ANSWERS),
    "detectable_format:json_format": _json,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:title": _titled,
    "keywords:existence": lambda text, f: all(word.lower() in text.lower() for word in f["keywords"]),
    "keywords:forbidden_words": _forbidden,
    "keywords:frequency": _keyword_count,
    "keywords:letter_frequency": lambda text, f: _compare(
        text.lower().count(f["letter"].lower()), f["let_relation"], f["let_frequency"]
    ),
    "language:response_language": lambda text, f: written_in(text, f["language"]),
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_words": lambda text, f: _compare(words(text), f["relation"], f["num_words"]),
    "punctuation:no_comma": lambda text, _: "," not in text,
    "startend:end_checker": lambda text, f: (
        text.strip().strip('"').lower().endswith(f["end_phrase"].strip().lower())
    ),
    "startend:quotation": _quoted,
}
