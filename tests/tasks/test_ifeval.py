from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.errors import BadInput
from branchwise.store.records import VerifiedBy
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.domains.languages import language
from branchwise.tasks.ifeval import grade, ifeval, instances
from branchwise.tasks.requirements.rules import ARGUMENTS, follows, well_formed

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "change_case:capital_word_frequency",
        {"capital_relation": "at least", "capital_frequency": 2},
        "AN OLD hat",
        "A",
    ),
    ("change_case:english_capital", {}, "THE CAT AND THE DOG", "THE CAT and the DOG"),
    ("change_case:english_lowercase", {}, "the cat and the dog", "The cat and the dog"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hi."}, "say hi. Hi!", "Hi! Say hi."),
    ("combination:two_responses", {}, "one\n******\ntwo", "one\n******\none"),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[name] at [place]", "[name]"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "Bye. P.P.S. More", "Bye. P.S. More"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\nP.S. More", "Bye.\nPS More"),
    ("detectable_format:constrained_response", {}, "My answer is maybe.", "Maybe."),
    ("detectable_format:json_format", {}, '```json\n{"a": [1]}\n```', "{'a': 1}"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        "SECTION 1\na\nSECTION 2\nb",
        "SECTION 1\na",
    ),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", "* a\n* b\n* c"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and *b*", "*a* and * *"),
    ("detectable_format:title", {}, "<<A Title>>\ntext", "<< >>\ntext"),
    ("keywords:existence", {"keywords": ["War", "peace"]}, "war and peace", "war"),
    ("keywords:forbidden_words", {"forbidden_words": ["rock"]}, "rocket", "a Rock!"),
    ("keywords:frequency", {"relation": "less than", "keyword": "so", "frequency": 2}, "so", "so so"),
    (
        "keywords:letter_frequency",
        {"let_relation": "at least", "letter": "!", "let_frequency": 2},
        "a!!",
        "a!",
    ),
    (
        "language:response_language",
        {"language": "de"},
        "Das ist nicht der Hund und die Katze",
        "The dog is not here",
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"first_word": "so", "num_paragraphs": 2, "nth_paragraph": 2},
        'One.\n\n"So," he said.',
        "One.\n\nThen so.",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", "a\n\nb"),
    (
        "length_constraints:number_sentences",
        {"relation": "at least", "num_sentences": 2},
        "Hi, Dr. Lee. Bye.",
        "Only Dr. Lee came.",
    ),
    (
        "length_constraints:number_words",
        {"relation": "less than", "num_words": 3},
        "two words",
        "now three words",
    ),
    ("punctuation:no_comma", {}, "no", "no, never"),
    ("startend:end_checker", {"end_phrase": "The end."}, 'So. "THE END."', "The end. Really."),
    ("startend:quotation", {}, ' "quoted" ', '"half'),
]


@pytest.mark.parametrize(("rule", "facts", "right", "wrong"), CASES, ids=[case[0] for case in CASES])
def test_rules(rule: str, facts: dict[str, Any], right: str, wrong: str) -> None:
    assert well_formed(rule, facts)
    assert follows(rule, right, facts)
    assert not follows(rule, wrong, facts)
    assert not follows(rule, " \n", facts)


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(ARGUMENTS)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Привет, это не то, что я думал", "ru"),
        ("Това е като да се върнем на село", "bg"),
        ("यह एक अच्छा दिन है और मैं घर में हूँ", "hi"),
        ("मी आणि तो घरी आहे", "mr"),
        ("안녕하세요 세계", "ko"),
        ("สวัสดีชาวโลก", "th"),
        ("این یک کتاب است که برای شما بود", "fa"),
        ("یہ کتاب میں نے نہیں پڑھی ہے اور", "ur"),
        ("hii ni nyumba ya watu wa kijiji na kwa hiyo", "sw"),
        ("1234", None),
    ],
)
def test_languages(text: str, code: str | None) -> None:
    assert language(text) == code


@given(st.text(max_size=200))
def test_every_rule_survives_any_text(text: str) -> None:
    for rule, facts, *_ in CASES:
        follows(rule, text, facts)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        {},
        {"instructions": []},
        {"instructions": [{"id": "punctuation:no_comma"}]},
        {"instructions": [{"id": "no:such_rule", "arguments": {}}]},
        {"instructions": [{"id": "punctuation:no_comma", "arguments": {"more": 1}}]},
        {"instructions": [{"id": "keywords:existence", "arguments": {"keywords": [1]}}]},
        {
            "instructions": [
                {"id": "length_constraints:number_words", "arguments": {"relation": "~", "num_words": 3}}
            ]
        },
        {"instructions": [{"id": "startend:quotation", "arguments": {}}], "more": 1},
    ],
)
def test_a_model_s_instructions_are_typed_strictly(reply: Any) -> None:
    assert ifeval().type_constraints(reply) is None


def test_the_check_names_what_is_broken_and_is_a_model_s_word() -> None:
    task = ifeval()
    told: Any = [
        {"id": "punctuation:no_comma", "arguments": {}},
        {"id": "length_constraints:number_words", "arguments": {"relation": "at least", "num_words": 3}},
    ]
    constraints = task.type_constraints({"instructions": told})
    assert constraints is not None
    assert task.check is not None
    verdict = task.check(constraints, "well, no", True)
    assert verdict is not None
    assert (verdict.accepted, verdict.verified_by) == (False, VerifiedBy.MODEL)
    assert "no comma; number words" in verdict.feedback
    assert task.check(constraints, "well", False) is None


def test_loose_grading_forgives_an_opening_line() -> None:
    told: Any = [{"id": "startend:quotation", "arguments": {}}]
    instance = Instance(id="1", problem="Quote.", meta={"instructions": told})
    assert grade(instance, 'Sure:\n"All quoted."') == {"strict": False, "loose": True}
    assert grade(instance, '"All quoted."') == {"strict": True, "loose": True}


def test_what_is_no_problem() -> None:
    with pytest.raises(BadInput):
        ifeval().validate("x" * 60_000)


def test_every_instruction_of_the_data_is_known_and_typed(data: Path) -> None:
    every = list(instances(data))
    told: list[Any] = [each for i in every for each in i.meta["instructions"]]  # type: ignore[union-attr]
    assert len(every) > 300
    assert [each for each in told if not well_formed(each["id"], each["arguments"])] == []
    assert {each["id"] for each in told} == set(ARGUMENTS)
    for instance in every:
        assert not grade(instance, " ")["loose"]
