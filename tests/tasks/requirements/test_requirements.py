"""Requirements: read from every form, stored and read again, judged soundly, refused with a sentence."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from branchwise import tasks
from branchwise.models.capabilities import EVERYTHING
from branchwise.store.errors import BadInput, CheckFailed
from branchwise.store.records import VerifiedBy
from branchwise.tasks.requirements import required, requirement, requirements


class Point(BaseModel):
    """A place."""

    x: int
    y: int


def short(text: str) -> str | bool:
    """Is short."""
    return True if len(text) < 10 else f"it has {len(text)} characters"


def broken(text: str) -> bool:
    raise KeyError("oops")


def odd(text: str) -> bool:
    return 3  # type: ignore[return-value]


HERE = __name__

TELLS: list[tuple[object, str, str]] = [
    ("words=2..4", "two words", "one two three four five"),
    ("words=3", "one two three", "one two"),
    ("sentences=2..", "One is here. Two is there.", "One is here."),
    ("paragraphs=2", "a\n\nb", "a"),
    ("lines=2", "a\nb", "a"),
    ("bullets=2", "- a\n- b", "- a"),
    ("headings=1", "# A\ntext", "text"),
    ("characters=..5", "12345", "123456"),
    ("contains=tea", "Green TEA.", "coffee"),
    ('contains=["tea","milk"]', "milk and tea", "tea"),
    ("forbids=art", "a party", "an art"),
    ("starts=Dear", "dear Anna", "Hello Anna"),
    ("ends=Best, Bo", "Hi. best, bo ", "Hi. Bo"),
    ("case=lower", "all small", "not All"),
    ("case=upper", "ALL BIG 1", "NOT all"),
    ('sections=["Intro","Method"]', "# Intro\na\n## Method:\nb", "# Method\n# Intro"),
    ('one_of=["yes","no"]', " yes ", "yes!"),
    ("json", '```json\n{"a": 1}\n```', "{'a': 1}"),
    ("json", "[1]", "NaN"),
    ('schema={"type":"object","required":["a"]}', '{"a": 1}', '{"b": 1}'),
    ({"type": "string", "pattern": "^a+$"}, '"aaa"', '"aab"'),
    ("pattern=[a-z]{2,3}", "abc\n", "abcd"),
    (re.compile("(ab)+"), "abab", "aba"),
    (Point, '{"x": 1, "y": 2}', '{"x": 1}'),
    (short, "short", "not short at all"),
    (f"{HERE}:short", "short", "not short at all"),
    ({"words": {"most": 2}}, "one two", "one two three"),
    ('ifeval={"id":"punctuation:no_comma"}', "a b", "a, b"),
]


@pytest.mark.parametrize(
    ("form", "good", "bad"), TELLS, ids=[getattr(form, "__name__", str(form))[:40] for form, _, _ in TELLS]
)
def test_a_requirement_tells_good_from_bad_and_comes_back_from_its_stored_form(
    form: object, good: str, bad: str
) -> None:
    for wanted in (requirement(form), requirement(json.loads(json.dumps(requirement(form).stored)))):
        assert wanted.check(good).kept
        found = wanted.check(bad)
        assert not found.kept
        assert found.wrong
        assert 0 <= found.degree < 1
        assert wanted.words


def test_code_must_pass_its_tests_in_the_sandbox() -> None:
    wanted = requirement("tests=assert add(1, 2) == 3\nassert add(0, 0) == 0")
    assert wanted.blocking
    assert wanted.check("Here:\n```python\ndef add(a, b):\n    return a + b\n```").kept
    half = wanted.check("```python\ndef add(a, b):\n    return a - b\n```")
    assert (half.kept, half.degree) == (False, 0.5)
    assert "1 of 2 tests pass" in half.wrong


def test_code_cannot_forge_its_grade() -> None:
    wanted = requirement("tests=assert add(1, 2) == 3")
    for cheat in (
        "import os\nos._exit(0)",
        "class Yes(int):\n    __eq__ = lambda s, o: True\ndef add(a, b): return Yes()",
    ):
        assert not wanted.check(f"```python\n{cheat}\n```").kept


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("wrds=3", "Did you mean `words`"),
        ("words", "needs a value"),
        ("words=many", "a number or a range"),
        ("words=5..3", "is empty"),
        ("words=99999999999", "a number or a range"),
        ('{"words": {"least": -1}}', "whole numbers"),
        ('{"words": {"at_most": 1}}', "least` and `most"),
        ("contains=", "takes a text"),
        ("case=title", "lower or upper"),
        ("language=xx", "takes one of"),
        ("schema={", "takes JSON"),
        ('schema={"type": "strin"}', "no JSON schema"),
        ('schema={"$ref": "http://127.0.0.1:9/x"}', "nothing is fetched"),
        ('schema={"$ref": "file:///etc/hostname"}', "nothing is fetched"),
        ("schema=nowhere.json", "cannot be read"),
        ("pattern=(", "cannot be used"),
        ("pattern=(?=a)b", "Look-around"),
        ("tests=def", "no Python"),
        ("tests=f(1)", "no `assert`"),
        ("tests=assert f(g(1))", "call `f`, `g`"),
        ("os:system", "Python's own"),
        ("nowhere_at_all:check", "cannot be imported"),
        (lambda text: True, "cannot be found again"),
        (3, "no requirement"),
        (re.compile("a", re.IGNORECASE), "flags"),
        ('ifeval={"id": "punctuation:no_coma"}', "no_comma"),
        ('ifeval={"id": "punctuation:no_comma", "arguments": {"a": 1}}', "takes the arguments none"),
    ],
)
def test_what_is_no_requirement_is_refused_with_a_sentence(form: object, said: str) -> None:
    with pytest.raises(BadInput, match="Requirement 1: ") as refused:
        requirements([form])
    assert said in str(refused.value)


def test_a_function_that_fails_is_named_with_its_error() -> None:
    with pytest.raises(
        CheckFailed,
        match=r"test_requirements:broken` failed, in .*test_requirements.py line \d+: KeyError: 'oops'",
    ):
        requirement(broken).check("x")
    with pytest.raises(CheckFailed, match="gave 3"):
        requirement(odd).check("x")


@pytest.mark.parametrize("form", ["pattern=(a+)+b", {"type": "string", "pattern": "^(a+)+$"}])
def test_patterns_of_any_kind_take_linear_time(form: str | Mapping[str, object]) -> None:
    began = time.monotonic()
    assert not requirement(form).check(f'"{"a" * 50_000}!"').kept
    assert time.monotonic() - began < 1


TEXTS = st.text(st.sampled_from("ab. \n#-,AB\"'"), max_size=40)
CHEAP = [
    "words=1..3",
    "sentences=..1",
    "case=lower",
    "forbids=ab",
    "starts=a b",
    'one_of=["ab","b a"]',
    "lines=..2",
]


@given(st.sampled_from(CHEAP), TEXTS, TEXTS)
def test_what_refutes_a_beginning_refutes_every_text_that_begins_so(form: str, begin: str, rest: str) -> None:
    wanted = requirement(form)
    if wanted.refutes(begin):
        assert not wanted.check(begin + rest).kept


def test_a_text_with_requirements_is_checked_soundly_and_says_what_is_wrong() -> None:
    task = required(tasks.load("text"), requirements(["words=2..4", "contains=tea"]))
    known = task.read_constraints("Write about a drink.")
    assert known is not None
    assert task.check is not None
    assert known.source == "program"
    good = task.check(known, "Tea is good.", True)
    bad = task.check(known, "Coffee is as good as it gets.", True)
    assert good is not None
    assert bad is not None
    assert (good.accepted, good.verified_by) == (True, VerifiedBy.PROGRAM)
    assert (bad.accepted, bad.verified_by) == (False, VerifiedBy.PROGRAM)
    assert "it has 7 words" in bad.feedback
    assert 'it lacks "tea"' in bad.feedback
    assert task.answer(" Tea is good. ") == "Tea is good."


def test_a_beginning_is_refuted_or_not_judged() -> None:
    task = required(tasks.load("text"), requirements(["words=..3"]))
    known = task.read_constraints("Write.")
    assert known is not None
    assert task.check is not None
    refuted = task.check(known, "one two three four five", False)
    assert refuted is not None
    assert not refuted.accepted
    assert task.check(known, "one two", False) is None


@pytest.mark.parametrize(
    ("wanted", "accepted"), [("lines=3", True), ("forbids=left", False), ("contains=tea", False)]
)
def test_a_task_with_a_checker_must_pass_that_as_well(wanted: str, accepted: bool) -> None:
    task = required(tasks.load("game24"), requirements([wanted]))
    known = task.read_constraints("1 2 3 4")
    assert known is not None
    assert task.check is not None
    right = "1 * 2 = 2 (left: 2 3 4)\n2 * 3 = 6 (left: 4 6)\n4 * 6 = 24 (left: 24)"
    verdict = task.check(known, right, True)
    assert verdict is not None
    assert verdict.accepted is accepted
    wrong = task.check(known, right.replace("2 * 3 = 6", "2 * 3 = 7"), True)
    assert wrong is not None
    assert not wrong.accepted
    assert known.items[-1] == requirements([wanted])[0].words


def test_decoding_is_constrained_only_where_the_engine_can() -> None:
    wanted = requirements(['schema={"type": "object"}', "words=..50"])
    free, held = required(tasks.load("text"), wanted), required(tasks.load("text"), wanted, EVERYTHING)
    known = free.read_constraints("Write.")
    assert known is not None
    assert not free.output_format(known, "", "solution").constrained
    assert held.output_format(known, "", "solution").schema == {"type": "object"}
    assert not held.output_format(known, "", "step").constrained
    assert (
        required(tasks.load("text"), requirements(["pattern=a|b"]), EVERYTHING)
        .output_format(known, "", "solution")
        .regex
        == "a|b"
    )


@pytest.mark.parametrize("name", ["text", "game24"])
def test_equal_answers_keep_the_same_requirements(name: str) -> None:
    """Answers that are equal share a verdict, and "Tea" must not be accepted for "tea"."""
    task = required(tasks.load(name), requirements(["case=lower"]))
    one, other = task.answer("Answer: tea"), task.answer("answer: tea")
    assert one is not None
    assert other is not None
    assert not task.same(one, other)
    assert task.answer(" answer: tea\n\n") == other


def test_words_that_look_like_blanks_do_not_break_the_prompt() -> None:
    task = required(tasks.load("game24"), requirements(["contains={problem}"]))
    assert "{ problem }" in task.instructions
