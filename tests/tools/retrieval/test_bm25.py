"""BM25: the score is Robertson's, the index is kept in a folder, queries are words and never operators."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from branchwise.store.errors import BadInput
from branchwise.tools import direct
from branchwise.tools.retrieval import BM25, Passage, retrieval_tool, retrieved

TEXTS = [
    "The cat sat on the mat.",
    "Dogs chase cats, and cats chase mice around the house.",
    "Python is a programming language.",
]


def test_the_score_is_that_of_the_formula() -> None:
    found = BM25(["a b", "a a a c"]).search_now("a", 2)
    idf = math.log(1 + (2 - 2 + 0.5) / (2 + 0.5))

    def score(count: int, length: int) -> float:
        return idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / 3))

    assert [p.number for p in found] == [1, 0]
    assert [p.score for p in found] == pytest.approx([score(3, 4), score(1, 2)], rel=1e-5)


async def test_the_best_passages_come_first() -> None:
    found = await BM25(TEXTS).search("cats and dogs?", 2)
    assert [p.text for p in found] == [TEXTS[1]]
    assert found[0].score > 0
    assert await BM25(TEXTS).search("", 2) == ()
    assert await BM25(TEXTS).search("?!", 2) == ()
    assert await BM25().search("cats", 2) == ()


@pytest.mark.parametrize(
    "query", ['cat" OR (', "body:cat AND NOT mat", "*", "cat^9 ~", "[cat TO cat]", "\x00cat\u202e"]
)
async def test_no_character_of_a_query_is_an_operator(query: str) -> None:
    assert all("cat" in p.text.lower() for p in await BM25(TEXTS).search(query, 3))


async def test_a_long_query_ends_soon() -> None:
    found = await BM25(TEXTS).search(" ".join(f"w{i}" for i in range(100_000)) + " cat", 3)
    assert found == ()


async def test_an_index_in_a_folder_is_opened_again_and_changed(tmp_path: Path) -> None:
    first = BM25([Passage(text=t, source=f"{i}.txt") for i, t in enumerate(TEXTS)], folder=tmp_path)
    assert len(first) == 3
    again = BM25(folder=tmp_path)
    assert [p.id for p in await again.search("python", 3)] == ["2.txt#0"]
    again.replace_now([Passage(text="Python is a snake.", source="2.txt")], without=["2.txt"])
    assert [p.text for p in await again.search("python", 3)] == ["Python is a snake."]
    assert len(again) == 3
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(BadInput, match="Give another folder"):
        BM25(folder=tmp_path)


async def test_a_retriever_is_a_tool() -> None:
    tool = retrieval_tool(BM25(TEXTS), k=2)
    result = await direct()("x", tool, {"query": "cat"})
    assert result.text == "[1] \nThe cat sat on the mat."
    long = retrieval_tool(BM25(["cat " * 10_000] * 3), k=3, most=2_000)
    assert len((await direct()("x", long, {"query": "cat"})).text) <= 2_000
    assert (await direct()("x", tool, {"query": ""})).error


async def test_a_search_is_a_call_with_typed_passages() -> None:
    many = BM25([f"cat {i} " + "x " * 200 for i in range(1000)])
    found = await retrieved(direct(), many, "cat", 1000, most=100)
    assert len(found) == 1000
    assert max(len(p.text) for p in found) == 100
    assert found[0].score >= found[-1].score > 0
