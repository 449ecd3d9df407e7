"""Shared by the workflows: the corpus of a run, given as texts or as a retriever's name."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from branchwise.graphs.runtime.context import Run
from branchwise.store.errors import BadInput
from branchwise.store.parts import part
from branchwise.tools.retrieval.bm25 import BM25
from branchwise.tools.retrieval.protocol import Passage, Retriever
from branchwise.tools.retrieval.search import retrieved

_MOST = 10_000
"""Texts given in an input; more belong into an index."""


def check_corpus(given: Mapping[str, Any]) -> None:
    """Refuse an input with no corpus or with two.

    Raises:
        BadInput: There is none, or it cannot be used.
    """
    if bool(given.get("documents")) is bool(given.get("corpus")):
        raise BadInput(
            "The input needs either `documents`, a list of texts, or `corpus`, `module:attribute`."
        )
    if len(given.get("documents") or ()) > _MOST:
        raise BadInput(f"An input holds at most {_MOST:,} documents; name an index as `corpus` for more.")
    retriever_of(given)


def corpus_modules(given: Mapping[str, Any]) -> Collection[str]:
    """The modules that the corpus of an input imports."""
    named = str(given.get("corpus") or "")
    return [named.partition(":")[0]] if ":" in named else []


def retriever_of(given: Mapping[str, Any]) -> Retriever:
    """The retriever of an input: BM25 over its texts, or the named one.

    Raises:
        BadInput: It cannot be imported, or is no retriever.
    """
    if documents := given.get("documents"):
        return _bm25(tuple(documents))
    name = str(given["corpus"])
    found: Any = part("retriever", name, "branchwise.retrievers", lambda: ())
    if not hasattr(found, "search"):
        found = found() if callable(found) else found
    if not hasattr(found, "search") or not hasattr(found, "name"):
        raise BadInput(f"The corpus `{name}` is no retriever: it has no `search` and `name`.")
    return found  # type: ignore[no-any-return]


async def found(run: Run, given: Mapping[str, Any], query: str, k: int) -> Sequence[Passage]:
    """The best `k` passages for a query, as a recorded call of the run."""
    return await retrieved(run.tool_caller(), retriever_of(given), query, k) if k else ()


@lru_cache(maxsize=8)
def _bm25(documents: tuple[str, ...]) -> BM25:
    digest = hashlib.sha256("\0".join(documents).encode("utf-8", "replace")).hexdigest()[:16]
    return BM25(documents, name=digest)
