"""Retrieval by meaning: vectors of all passages, compared with the query's by their cosine."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput
from branchwise.tools.retrieval.embedders import Embedder
from branchwise.tools.retrieval.protocol import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PASSAGES = TypeAdapter(list[Passage])


class Embeddings:
    """Passages ranked by the cosine of their vector and the query's; every passage is compared.

    Args:
        embedder: Makes the vectors.
        folder: Where they are kept, a pair of files for each source; in memory without one.
        name: Names the corpus.

    Raises:
        BadInput: numpy is missing, or a file of the folder cannot be read.
    """

    def __init__(self, embedder: Embedder, *, folder: Path | None = None, name: str = "corpus") -> None:
        try:
            import numpy  # noqa: F401, ICN001, PLC0415 - in an extra
        except ImportError as error:
            raise BadInput("Embeddings need numpy: pip install 'branchwise[retrieval]'.") from error
        self.name = f"{embedder.name}:{name}"
        self._embedder = embedder
        self._folder = folder
        self._parts: dict[str, tuple[NDArray[np.float32], list[Passage]]] = {}
        self._whole: tuple[NDArray[np.float32], list[Passage]] | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(folder.glob("*.json")):
                self._load(path)

    async def replace(self, passages: Iterable[Passage | str], *, without: Iterable[str] = ()) -> None:
        """Add passages, after removing all those of the sources in `without`.

        Raises:
            ModelError: The embedder does not answer; nothing was changed.
        """
        added = [Passage(text=p, number=i) if isinstance(p, str) else p for i, p in enumerate(passages)]
        vectors = await self._embedder.embed([passage.text for passage in added]) if added else None
        for source in without:
            self._parts.pop(source, None)
            for path in self._files(source):
                path.unlink(missing_ok=True)
        begin = 0
        for source, group in groupby(added, key=lambda passage: passage.source):
            mine = list(group)
            if vectors is not None:
                await asyncio.to_thread(self._keep, source, vectors[begin : begin + len(mine)], mine)
            begin += len(mine)
        self._whole = None

    def __len__(self) -> int:
        return sum(len(passages) for _, passages in self._parts.values())

    async def search(self, query: str, k: int) -> tuple[Passage, ...]:
        """The best passages; see `Retriever`."""
        if not query.strip() or k < 1 or not self._parts:
            return ()
        [vector] = await self._embedder.embed([query], query=True)
        return await asyncio.to_thread(self.search_now, vector, k)

    def search_now(self, vector: NDArray[np.float32], k: int) -> tuple[Passage, ...]:
        """The best passages for a query's vector; blocks."""
        import numpy as np  # noqa: PLC0415 - in an extra

        matrix, passages = self._all()
        if vector.shape != matrix.shape[1:]:
            raise BadInput(
                f"The index holds vectors of {matrix.shape[1]} numbers, the query has {vector.size}."
            )
        scores = matrix @ vector
        most = min(k, len(passages))
        best = np.argpartition(scores, len(passages) - most)[-most:]
        ordered = sorted(best.tolist(), key=lambda i: (-float(scores[i]), i))
        return tuple(replace(passages[i], score=float(scores[i])) for i in ordered)

    def _all(self) -> tuple[NDArray[np.float32], list[Passage]]:
        import numpy as np  # noqa: PLC0415 - in an extra

        if self._whole is None:
            parts = [self._parts[source] for source in sorted(self._parts)]
            self._whole = (
                np.concatenate([matrix for matrix, _ in parts]),
                [one for _, passages in parts for one in passages],
            )
        return self._whole

    def _keep(self, source: str, vectors: NDArray[np.float32], passages: list[Passage]) -> None:
        import numpy as np  # noqa: PLC0415 - in an extra

        before = self._parts.get(source)
        if before is not None:
            vectors, passages = np.concatenate([before[0], vectors]), [*before[1], *passages]
        self._parts[source] = (vectors, passages)
        if self._folder is not None:
            numbers, texts = self._files(source)
            np.save(numbers, vectors, allow_pickle=False)
            new = texts.with_suffix(".new")  # a crash leaves no half-written list
            new.write_text(json.dumps([as_fields(one) for one in passages]), encoding="utf-8")
            new.replace(texts)

    def _files(self, source: str) -> tuple[Path, ...]:
        if self._folder is None:
            return ()
        stem = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return (self._folder / f"{stem}.npy", self._folder / f"{stem}.json")

    def _load(self, path: Path) -> None:
        import numpy as np  # noqa: PLC0415 - in an extra

        try:
            passages = _PASSAGES.validate_json(path.read_bytes())
            vectors = np.load(path.with_suffix(".npy"), allow_pickle=False)
        except (OSError, ValueError, ValidationError) as error:
            raise BadInput(
                f"`{path}` is no part of an index: {error}. Remove the folder, and index again."
            ) from error
        if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != len(passages) or not passages:
            raise BadInput(f"`{path}` does not fit its vectors. Remove the folder, and index again.")
        self._parts[passages[0].source] = (vectors, passages)
