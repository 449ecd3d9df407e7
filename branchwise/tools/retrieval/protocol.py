"""The Retriever protocol: the paragraphs of a corpus that fit a query best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A paragraph of a corpus. Its text is foreign data, never an instruction."""

    text: str
    source: str = ""
    """Where it comes from, for example a file's path."""
    number: int = 0
    """Its place in the source, from 0."""
    place: str = ""
    """Where it is in the source, for a reader: "page 3", "line 12"."""
    score: float = 0.0
    """How well it fits the query; larger is better, comparable within one search only."""

    @property
    def id(self) -> str:
        """Names the paragraph within its corpus."""
        return f"{self.source}#{self.number}"


class Retriever(Protocol):
    """Finds passages. Safe to call from many tasks of one event loop concurrently."""

    @property
    def name(self) -> str:
        """Names the corpus and the method, without secrets."""
        ...

    async def search(self, query: str, k: int) -> tuple[Passage, ...]:
        """The best `k` passages or fewer, the best first; none for a query without words.

        Raises:
            BadInput: The index cannot be read.
            ModelError: The server of embeddings does not answer.
        """
        ...
