"""Retrieval: paragraphs of a corpus, found by words (BM25) or by meaning (embeddings)."""

from __future__ import annotations

from branchwise.tools.retrieval.bm25 import BM25
from branchwise.tools.retrieval.corpus import update
from branchwise.tools.retrieval.embedders import Embedder, EmbeddingServer, LocalEmbedder
from branchwise.tools.retrieval.embeddings import Embeddings
from branchwise.tools.retrieval.protocol import Passage, Retriever
from branchwise.tools.retrieval.search import retrieval_tool, retrieved

__all__ = [
    "BM25",
    "Embedder",
    "EmbeddingServer",
    "Embeddings",
    "LocalEmbedder",
    "Passage",
    "Retriever",
    "retrieval_tool",
    "retrieved",
    "update",
]
