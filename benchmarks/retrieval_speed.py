"""What retrieval costs beside the bare library: time a query over 100,000 paragraphs.

    python -m benchmarks.retrieval_speed

Paragraphs of 80 words are drawn from a vocabulary of 50,000 by Zipf's law, queries of 10 words from the same. "bare" is
the library alone: tantivy's own query, search and stored texts; for embeddings numpy's product and the best k of it.
"ours" is `Retriever.search`, which a workflow awaits. Both take turns query by query, so that the machine's load is the
same for both. Embedding the query is a model's work, and is not counted. The exit status is 1 if ours takes more than
1.2 times the bare time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from branchwise.tools.retrieval import BM25, Embeddings, Passage

_WORDS, _VOCABULARY = 80, 50_000
_ASKED, _DIMENSIONS = 10, 384
_MOST = 1.2


class Vectors:
    """Draws a random vector for each text, as a model would give one."""

    name = "random"

    def __init__(self) -> None:
        """Begin from a fixed seed."""
        self._random = np.random.default_rng(0)

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Any:
        """A row for each text, of length 1."""
        rows = self._random.standard_normal((len(texts), _DIMENSIONS), dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def drawn(count: int, words: int, seed: int) -> list[str]:
    """Texts of words by Zipf's law."""
    source = random.Random(seed)
    names = [f"w{i}x" for i in range(_VOCABULARY)]
    weights = list(itertools.accumulate(1 / (i + 1) for i in range(_VOCABULARY)))
    return [" ".join(source.choices(names, cum_weights=weights, k=words)) for _ in range(count)]


async def turns(
    queries: Sequence[Any], bare: Callable[[Any], object], ours: Callable[[Any], Awaitable[object]]
) -> tuple[list[float], list[float]]:
    """Milliseconds of each query, bare and ours, in turns."""
    spent: tuple[list[float], list[float]] = ([], [])
    for number, query in enumerate(queries):
        for which in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter()
            if which:
                await ours(query)
            else:
                bare(query)
            spent[which].append(1_000 * (time.perf_counter() - began))
    return spent


def summary(spent: tuple[list[float], list[float]], index: float) -> dict[str, float]:
    """Medians, and their ratio."""
    bare, ours = (statistics.median(one) for one in spent)
    return {
        "index_seconds": round(index, 1),
        "bare_ms": round(bare, 3),
        "ours_ms": round(ours, 3),
        "ratio": round(ours / bare, 3),
    }


async def words(texts: list[str], queries: list[str], k: int, folder: Path) -> dict[str, float]:
    """BM25 beside tantivy, on one index."""
    began = time.perf_counter()
    index = BM25([Passage(text=text, source=f"{i}.txt") for i, text in enumerate(texts)], folder=folder)
    built = time.perf_counter() - began
    opened = tantivy.Index.open(str(folder))
    simple = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    opened.register_tokenizer("words", simple.filter(tantivy.Filter.lowercase()).build())
    searcher = opened.searcher()

    def bare(query: str) -> list[str]:
        asked = opened.parse_query(query, ["body"])
        hits = searcher.search(asked, k, count=False).hits
        return [searcher.doc(address)["body"][0] for _, address in hits]

    assert bare(queries[0]) == [one.text for one in await index.search(queries[0], k)]
    return summary(await turns(queries, bare, lambda query: index.search(query, k)), built)


async def meanings(texts: list[str], asked: int, k: int) -> dict[str, float]:
    """Embeddings beside numpy, on equal vectors."""
    vectors = Vectors()
    index = Embeddings(vectors)
    began = time.perf_counter()
    await index.replace(texts)
    built = time.perf_counter() - began
    matrix = await Vectors().embed(texts)
    queries = await vectors.embed([""] * asked)

    def bare(vector: Any) -> list[str]:
        scores = matrix @ vector
        best = np.argpartition(scores, len(scores) - k)[-k:]
        return [texts[i] for i in best[np.argsort(-scores[best])]]

    async def ours(vector: Any) -> object:
        return await asyncio.to_thread(index.search_now, vector, k)

    assert bare(queries[0]) == [one.text for one in index.search_now(queries[0], k)]
    return summary(await turns(queries, bare, ours), built)


async def measured(count: int, asked: int, k: int) -> dict[str, Any]:
    """Both methods."""
    texts, queries = drawn(count, _WORDS, 0), drawn(asked, _ASKED, 1)
    with tempfile.TemporaryDirectory() as folder:
        found = {"bm25": await words(texts, queries, k, Path(folder))}
    found["embeddings"] = await meanings(texts, asked, k)
    return {"paragraphs": count, "queries": asked, "k": k, "cores": os.cpu_count(), **found}


def main() -> int:
    """Measure, and print a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--paragraphs", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("-k", type=int, default=10)
    given = parser.parse_args()
    found = asyncio.run(measured(given.paragraphs, given.queries, given.k))
    print(json.dumps(found, indent=1))
    return int(max(found[method]["ratio"] for method in ("bm25", "embeddings")) > _MOST)


if __name__ == "__main__":
    sys.exit(main())
