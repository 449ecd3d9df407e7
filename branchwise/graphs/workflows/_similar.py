"""Shared by the workflows: cosine similarity of texts by TF-IDF, where no embedding model is named."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w+")


def cosines(query: str, documents: Sequence[str]) -> list[float]:
    """The cosine, from 0 to 1, of a query with each document; weights are tf * (ln((1 + n) / (1 + df)) + 1)."""
    counts = [Counter(_WORD.findall(document.casefold())) for document in documents]
    spread = Counter(word for count in counts for word in count)
    asked = _weighed(Counter(_WORD.findall(query.casefold())), spread, len(counts))
    return [_cosine(asked, _weighed(count, spread, len(counts))) for count in counts]


def nearest(query: str, documents: Sequence[str], k: int) -> list[int]:
    """The positions of the `k` documents most similar to a query, the most similar first; ties in their order."""
    scores = cosines(query, documents)
    return sorted(range(len(documents)), key=lambda i: -scores[i])[:k]


def _weighed(count: Counter[str], spread: Counter[str], n: int) -> dict[str, float]:
    return {word: times * (math.log((1 + n) / (1 + spread[word])) + 1) for word, times in count.items()}


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    product = sum(weight * other.get(word, 0.0) for word, weight in one.items())
    length = math.hypot(*one.values()) * math.hypot(*other.values())
    return product / length if length else 0.0
