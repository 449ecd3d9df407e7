"""Kept libraries in a child process: what hangs is killed, what is missing cannot be told, threads may share it."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from branchwise.tasks.domains.languages import CODES, sentences, written_in
from branchwise.tasks.domains.libraries import Child
from branchwise.tasks.domains.mathematics import compare
from branchwise.tasks.requirements.rules import follows, well_formed

PAIRS = Path(__file__).parents[2] / "benchmarks" / "math_pairs.json"
TOWER = "9^{9^{9^{9^{9}}}}"


@pytest.fixture
def child() -> Any:
    started = Child()
    yield started
    started.close()


def test_a_question_without_end_is_killed_and_the_next_one_answered(child: Child) -> None:
    assert child.ask("equal", "x+1", "1+x") is True
    began = time.monotonic()
    assert child.ask("equal", TOWER, f"{TOWER}+1", seconds=1.0) is None
    assert child.ask("equal", TOWER, "x") is None, "a text that has hung is not asked about again"
    assert time.monotonic() - began < 10
    assert child.ask("equal", "x+1", "1+x") is True


def test_a_library_that_is_missing_cannot_tell(
    child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("math_verify", "py3langid", "sentencex"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('absent')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert child.ask("equal", "x+1", "1+x") is None
    assert child.ask("language", "The cat sleeps on the table.", "de en") is None
    assert child.ask("sentences", "One. Two.", "en") is None


def test_threads_share_a_child_and_hostile_texts_do_no_harm(child: Child) -> None:
    asked = [(f"x+{n}", f"{n}+x" if n % 2 else f"{n}-x") for n in range(12)]
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda pair: child.ask("equal", *pair), asked))
    assert said == [bool(n % 2) for n in range(12)]
    for text in ("\ud800", "\x00", "\\", "__import__('os').getcwd()"):
        assert child.ask("equal", text, "x") is not True
        child.ask("sentences", text, "en")


def test_no_different_pair_passes_and_few_equal_ones_are_refused() -> None:
    pairs = json.loads(PAIRS.read_text(encoding="utf-8"))
    equal = [(group[0], other) for group in pairs["equal"] for other in group[1:]]
    assert len(equal) + len(pairs["different"]) >= 300
    assert [pair for pair in pairs["different"] if compare(*pair)] == []
    assert sum(compare(*pair) is not True for pair in equal) <= 0.03 * len(equal)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{TOWER}+x", f"x+1+{TOWER}"),
        ("12345678!", "12345679!"),
        ("x^{1000000}", "x^{1000001}"),
        ("(" * 300 + "x", "x"),
        ("x+" * 300 + "x", "301x"),
    ],
)
def test_hostile_formulas_are_refused_before_they_are_parsed(one: str, other: str) -> None:
    began = time.monotonic()
    assert compare(one, other) is not True
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        ("fr", "Bonjour, je suis ravi de vous aider avec votre projet.", True),
        ("it", "El perro come en la cocina y los niños juegan en el jardín con sus amigos.", False),
        ("en", "Dit is een Nederlandse zin en wij gaan naar het park.", False),
        ("ru", "Це українське речення. Сьогодні гарна погода, і ми йдемо до парку.", False),
        ("uk", "Це українське речення. Сьогодні гарна погода, і ми йдемо до парку.", True),
        ("ja", "これは日本語の文章です。今日はいい天気ですね。", True),
        ("en", "1234 !!!", None),
        ("zh", "我喜欢使用 Python 和 TensorFlow 进行机器学习", True),
        ("ru", "Hello there, my friend, how are you today? Добрый день", False),
        (
            "hi",
            "Please write an essay in Hindi about the state of the economy.\nसुप्रभात, मुझे बहुत खुशी होगी।",
            False,
        ),
    ],
)
def test_a_language_is_told_or_not(code: str, text: str, told: bool | None) -> None:
    assert written_in(text, code) is told
    assert follows("language:response_language", text, {"language": code}) is told


def test_a_language_that_cannot_be_told_is_no_instruction() -> None:
    assert well_formed("language:response_language", {"language": "fr"})
    assert not well_formed("language:response_language", {"language": "tlh"})
    assert "en" in CODES


@pytest.mark.parametrize("text", ["a dog, a cat, a bird do a dance", "no, do a flip", "read a book on a bus"])
def test_short_english_is_english(text: str) -> None:
    assert follows("change_case:english_lowercase", text, {}) is True
    assert follows("change_case:english_capital", text.upper(), {}) is True
    assert follows("change_case:english_lowercase", "no lo sé, pero vamos a la playa", {}) is False


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("We chose plan B. It works.", (2, 2)),
        ("We meet at 5 p.m. Bring food.", (2, 2)),
        ("1. Wash.\n2. Cook.\n3. Eat.", (3, 3)),
        ("**Note.** Yes.\n\n* One. Two.\n(a) Three.", (5, 5)),
        ("一。二。三。", (3, 3)),
        ('Say it: "Hi all. It works. Thanks." That was all.', (4, 4)),
        ("“Go!” he said. Then we left.", (3, 3)),
        ("A title\n\nOne sentence.", (1, 2)),
    ],
)
def test_sentences_are_counted_without_marks(text: str, number: tuple[int, int]) -> None:
    assert sentences(text) == number


def test_a_count_that_depends_on_headings_is_not_told() -> None:
    facts = {"relation": "less than", "num_sentences": 2}
    assert follows("length_constraints:number_sentences", "A title\n\nOne sentence.", facts) is None
    assert follows("length_constraints:number_sentences", "So do I. Then we left.", facts) is False
