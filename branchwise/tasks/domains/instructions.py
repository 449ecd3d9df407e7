"""The rules of IFEval (Zhou et al. 2023, arXiv 2311.07911): does a text do what it was told?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from branchwise.tasks.domains.languages import language

Facts: TypeAlias = Mapping[str, Any]
"""The arguments of one instruction, as `ARGUMENTS` types them."""

_ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_ABBREVIATED = re.compile(r"\b(?:mr|mrs|ms|dr|st|prof|e\.g|i\.e|etc|vs|p\.p?\.?s|[a-z])\.$", re.IGNORECASE)

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


def follows(instruction: str, text: str, facts: Facts) -> bool:
    """Whether the text follows one instruction; an empty text follows none.

    Sentences and languages are told without the libraries of the official grader, so that those two rules can
    differ from it on odd texts.

    Raises:
        KeyError: There is no such instruction.
    """
    return bool(text.strip()) and _RULES[instruction](text, facts)


def well_formed(instruction: str, facts: object) -> bool:
    """Whether the instruction exists and its arguments have their types."""
    wanted = ARGUMENTS.get(instruction)
    if wanted is None or not isinstance(facts, Mapping) or set(facts) != set(wanted):
        return False
    if not all(type(facts[name]) is kind for name, kind in wanted.items()):
        return False
    relations = [value for name, value in facts.items() if name.endswith("relation")]
    lists = [value for value in facts.values() if isinstance(value, list)]
    return all(r in {"at least", "less than"} for r in relations) and all(
        isinstance(w, str) for v in lists for w in v
    )


def _compare(number: int, relation: str, limit: int) -> bool:
    return number < limit if relation == "less than" else number >= limit


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text))


def _sentences(text: str) -> int:
    pieces = re.split(r"(?<=[.!?])[\"')\]]*\s+", text.strip())
    return sum(1 for n, piece in enumerate(pieces) if n == len(pieces) - 1 or not _ABBREVIATED.search(piece))


def _blocks(text: str, divider: str) -> list[str] | None:
    """The parts between dividers; None when one inside is empty."""
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
    word = re.match(r"[^.,?!'\"]*", parts[nth - 1].split()[0].lstrip("'\""))
    return (
        number == facts["num_paragraphs"]
        and word is not None
        and word[0].lower() == facts["first_word"].lower()
    )


def _postscript(text: str, facts: Facts) -> bool:
    marker = facts["postscript_marker"]
    patterns = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    return re.search(patterns.get(marker, re.escape(marker.lower())), text.lower()) is not None


def _json(text: str, facts: Facts) -> bool:
    body = re.sub(r"^```(?:json)?|```$", "", text.strip(), flags=re.IGNORECASE)
    try:
        json.loads(body.strip())
    except (ValueError, RecursionError):
        return False
    return True


def _bullets(text: str, facts: Facts) -> bool:
    stars = re.findall(r"^\s*\*[^*].*$", text, re.MULTILINE)
    dashes = re.findall(r"^\s*-.*$", text, re.MULTILINE)
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
    number = sum(1 for word in re.findall(r"[\w'-]+", text) if word.isupper())
    return _compare(number, facts["capital_relation"], facts["capital_frequency"])


def _quoted(text: str, facts: Facts) -> bool:
    text = text.strip()
    return len(text) > 1 and text[0] == text[-1] == '"'


_RULES: Mapping[str, Callable[[str, Facts], bool]] = {
    "change_case:capital_word_frequency": _capitals,
    "change_case:english_capital": lambda text, _: text.isupper() and language(text) == "en",
    "change_case:english_lowercase": lambda text, _: text.islower() and language(text) == "en",
    "combination:repeat_prompt": lambda text, f: (
        text.strip().lower().startswith(f["prompt_to_repeat"].strip().lower())
    ),
    "combination:two_responses": _two_responses,
    "detectable_content:number_placeholders": lambda text, f: (
        len(re.findall(r"\[.*?\]", text)) >= f["num_placeholders"]
    ),
    "detectable_content:postscript": _postscript,
    "detectable_format:constrained_response": lambda text, _: any(answer in text for answer in _ANSWERS),
    "detectable_format:json_format": _json,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:title": lambda text, _: any(t.strip("<> ") for t in re.findall(r"<<[^\n]+>>", text)),
    "keywords:existence": lambda text, f: all(word.lower() in text.lower() for word in f["keywords"]),
    "keywords:forbidden_words": _forbidden,
    "keywords:frequency": _keyword_count,
    "keywords:letter_frequency": lambda text, f: _compare(
        text.lower().count(f["letter"].lower()), f["let_relation"], f["let_frequency"]
    ),
    "language:response_language": lambda text, f: language(text) == f["language"],
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": lambda text, f: _compare(
        _sentences(text), f["relation"], f["num_sentences"]
    ),
    "length_constraints:number_words": lambda text, f: _compare(_words(text), f["relation"], f["num_words"]),
    "punctuation:no_comma": lambda text, _: "," not in text,
    "startend:end_checker": lambda text, f: (
        text.strip().strip('"').lower().endswith(f["end_phrase"].strip().lower())
    ),
    "startend:quotation": _quoted,
}
