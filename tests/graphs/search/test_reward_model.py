"""A run whose candidates a reward model scores, from end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from branchwise import solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import Capabilities, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, Unsupported


@pytest.fixture
async def judge() -> AsyncIterator[str]:
    async def score(request: web.Request) -> web.Response:
        talks = (await request.json())["inputs"]
        return web.json_response(
            {"scores": [0.99 if "seven" in talk[-1]["content"] else 0.1 for talk in talks]}
        )

    app = web.Application()
    app.router.add_post("/score", score)
    async with TestServer(app) as server:
        yield str(server.make_url("/score"))


async def test_the_candidate_that_the_reward_model_likes_is_the_answer(judge: str, tmp_path: Path) -> None:
    model = scripted([f"Answer: {word}" for word in ("three", "seven", "nine")])
    result = await solve(
        "Pick a number.",
        strategy="best_of_n",
        knobs={"n": 3},
        model=model,
        store=f"sqlite:///{tmp_path}/runs.sqlite",
        options=Options(verifier="reward", scorer=judge),
    )
    assert (result.answer, result.solved, result.verified_by) == ("seven", True, "model")
    assert result.score == pytest.approx(0.99)


async def test_what_cannot_be_scored_is_refused_before_it_costs_anything(tmp_path: Path) -> None:
    asked: list[SampleRequest] = []

    def answer(request: SampleRequest, seed: int) -> str:
        asked.append(request)
        return "x"

    model = scripted(answer, capabilities=Capabilities())
    for options, error in (
        (Options(verifier="reward"), BadInput),
        (Options(scorer="http://localhost:1/score"), BadInput),
        (Options(verifier="reward", scorer="http://localhost:1"), BadInput),
        (Options(verifier="yes_no"), Unsupported),
    ):
        with pytest.raises(error):
            await solve(
                "Pick.",
                strategy="best_of_n",
                model=model,
                store=f"sqlite:///{tmp_path}/r.sqlite",
                options=options,
            )
    assert not asked
