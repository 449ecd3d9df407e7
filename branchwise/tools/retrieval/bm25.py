"""BM25 by tantivy: an index of paragraphs in memory or in a folder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from branchwise.store.errors import BadInput
from branchwise.tools.retrieval.protocol import Passage

if TYPE_CHECKING:
    import tantivy

_TOKENS = "words"
_MOST_WORDS = 256
"""Maximum different words of a query that count; the first ones."""
_AT_ONCE = 200_000
"""Passages up to which a search runs in the event loop's own thread."""
_PATIENCE = 30.0
"""Seconds to wait while another process changes the index."""
_HEAP = 64_000_000
"""Bytes of memory of a writer."""


class BM25:
    """Passages ranked by BM25 (k1 = 1.2, b = 0.75). Words are split at all but letters and digits, in lower case.

    Args:
        passages: Passages to add, or texts, which are numbered.
        folder: Where the index is kept; in memory without one.
        name: Names the corpus.

    Raises:
        BadInput: The package `tantivy` is missing, or the folder holds no index that this version can read.
    """

    def __init__(
        self, passages: Iterable[Passage | str] = (), *, folder: Path | None = None, name: str = "corpus"
    ) -> None:
        self.name = f"bm25:{name}"
        self._index, self._analyzer = _opened(folder)
        self.replace_now(passages)

    async def replace(self, passages: Iterable[Passage | str], *, without: Iterable[str] = ()) -> None:
        """Add and remove passages; see `replace_now`."""
        await asyncio.to_thread(self.replace_now, passages, without=without)

    def replace_now(self, passages: Iterable[Passage | str], *, without: Iterable[str] = ()) -> None:
        """Add passages, after removing all those of the sources in `without`; one commit for both. Blocks.

        Raises:
            BadInput: Another process is changing the index.
        """
        added, removed = list(passages), list(without)
        if not added and not removed:
            return
        import tantivy  # noqa: PLC0415 - in an extra

        writer = self._writer()
        for source in removed:
            writer.delete_documents_by_term("source", source)
        for number, one in enumerate(added):
            passage = Passage(text=one, number=number) if isinstance(one, str) else one
            writer.add_document(
                tantivy.Document(
                    body=passage.text, source=passage.source, number=passage.number, place=passage.place
                )
            )
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def _writer(self) -> tantivy.IndexWriter:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._index.writer(_HEAP, 1)
            except ValueError as error:
                if time.monotonic() > until:
                    raise BadInput(f"The index of `{self.name}` cannot be changed: {error}") from error
                time.sleep(0.2)

    def __len__(self) -> int:
        return int(self._index.searcher().num_docs)

    async def search(self, query: str, k: int) -> tuple[Passage, ...]:
        """The best passages; see `Retriever`."""
        if len(self) <= _AT_ONCE:
            return self.search_now(query, k)  # a millisecond or two: a thread would take as long
        return await asyncio.to_thread(self.search_now, query, k)

    def search_now(self, query: str, k: int) -> tuple[Passage, ...]:
        """The best passages; blocks."""
        import tantivy  # noqa: PLC0415 - in an extra

        words = list(dict.fromkeys(self._analyzer.analyze(query)))[:_MOST_WORDS]
        if not words or k < 1:
            return ()
        schema = self._index.schema
        # Built of terms, not parsed: no character of a query is an operator.
        terms = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "body", w, "freq")) for w in words]
        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.boolean_query(terms), k, count=False).hits
        return tuple(_passage(searcher.doc(address), score) for score, address in hits)


def _opened(folder: Path | None) -> tuple[tantivy.Index, tantivy.TextAnalyzer]:
    try:
        import tantivy  # noqa: PLC0415 - in an extra
    except ImportError as error:
        raise BadInput("BM25 needs tantivy: pip install 'branchwise[retrieval]'.") from error
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", stored=True, tokenizer_name=_TOKENS, index_option="freq")
    builder.add_text_field("source", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("place", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("number", stored=True)
    keep, lower = tantivy.Filter.remove_long(80), tantivy.Filter.lowercase()
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(keep).filter(lower).build()
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(builder.build(), path=None if folder is None else str(folder))
    except (OSError, ValueError) as error:
        raise BadInput(f"No index can be opened in `{folder}`: {error}. Give another folder.") from error
    index.register_tokenizer(_TOKENS, analyzer)
    return index, analyzer


def _passage(document: Any, score: float) -> Passage:
    source, number, place = (document.get_first(name) for name in ("source", "number", "place"))
    return Passage(
        text=str(document.get_first("body")),
        source=str(source or ""),
        number=int(number or 0),
        place=str(place or ""),
        score=float(score),
    )
