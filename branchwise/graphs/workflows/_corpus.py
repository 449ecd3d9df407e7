"""Shared by the workflows: the corpus of a run, given as texts or as a retriever's name."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from branchwise.graphs.runtime.context import Run
from branchwise.store.errors import BadInput
from branchwise.store.parts import part
from branchwise.tools.corpora import PREFIX, corpus, opened_corpus
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
    documents, name = given.get("documents") or (), str(given.get("corpus") or "")
    if bool(documents) is bool(name):
        raise BadInput(
            "The input needs either `documents`, a list of texts, or `corpus`: `corpus:NAME` of the settings, or "
            "`module:attribute`."
        )
    if len(documents) > _MOST:
        raise BadInput(f"An input holds at most {_MOST:,} documents; name a `corpus` for more.")
    if documents:
        _bm25(tuple(documents))
    elif name.startswith(PREFIX):
        corpus(name)
    else:
        _own(name)


def corpus_modules(given: Mapping[str, Any]) -> Collection[str]:
    """The modules that the corpus of an input imports."""
    named = str(given.get("corpus") or "")
    return [named.partition(":")[0]] if ":" in named and not named.startswith(PREFIX) else []


async def found(run: Run, given: Mapping[str, Any], query: str, k: int) -> Sequence[Passage]:
    """The best `k` passages for a query, as a recorded call of the run."""
    if not k:
        return ()
    async with _opened(given) as retriever:
        return await retrieved(run.tool_caller(), retriever, query, k)


@asynccontextmanager
async def _opened(given: Mapping[str, Any]) -> AsyncIterator[Retriever]:
    """BM25 over the texts of an input, the named corpus of the settings, or a retriever of the user's own."""
    name = str(given.get("corpus") or "")
    if name.startswith(PREFIX):
        async with opened_corpus(name.removeprefix(PREFIX), corpus(name)) as retriever:
            yield retriever
    else:
        yield _own(name) if name else _bm25(tuple(given["documents"]))


def _own(name: str) -> Retriever:
    made: Any = part("retriever", name, "branchwise.retrievers", lambda: ())
    if not hasattr(made, "search") and callable(made):
        made = made()
    if not hasattr(made, "search") or not hasattr(made, "name"):
        raise BadInput(f"The corpus `{name}` is no retriever: it has no `search` and `name`.")
    return made  # type: ignore[no-any-return]


@lru_cache(maxsize=8)
def _bm25(documents: tuple[str, ...]) -> BM25:
    digest = hashlib.sha256("\0".join(documents).encode("utf-8", "replace")).hexdigest()[:16]
    return BM25(documents, name=digest)
