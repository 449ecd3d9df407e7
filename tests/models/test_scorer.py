"""Scorers against a server that scores, well and badly."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from branchwise import models
from branchwise.models.failures import Refused
from branchwise.models.protocol import Message, Model, Reply, SampleRequest
from branchwise.store.errors import BadInput, ModelError


@dataclass
class Judge:
    """Scores a conversation by the length of its last message, in whatever form it is asked, as vLLM 0.32 would."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    tokenizes: bool = True
    pools: Literal["classes", "steps", "reward"] = "classes"
    """What `/pooling` says: the classes of the whole, those of its steps, or one number."""
    longest: int = 1_000
    says: bytes | None = None

    async def tokenize(self, request: web.Request) -> web.Response:
        if not self.tokenizes:
            return web.Response(status=404)
        talk = (await request.json())["messages"]
        return web.json_response({"tokens": [7] * len(talk[-1]["content"])})

    async def score(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        if self.says is not None:
            return web.Response(body=self.says, content_type="application/json")
        if request.path == "/mine":
            scores = [len(talk[-1]["content"]) / 10 for talk in body["inputs"]]
            return web.json_response({"scores": scores})
        lengths = [len(one) for one in body["input"]]
        if max(lengths) > self.longest:
            return web.json_response({"error": {"message": "longer than the context"}}, status=400)
        activated = body.get("use_activation", True)
        if request.path == "/classify":
            data: list[Any] = [{"probs": _classes(n)} for n in lengths]
        elif self.pools == "reward":
            data = [{"data": [1 / (1 + math.exp(-n)) if activated else n]} for n in lengths]
        else:
            steps = self.pools == "steps"
            data = [
                {"data": ([[0.5, 0.5], _classes(n)] if n else []) if steps else _classes(n)} for n in lengths
            ]
        return web.json_response({"data": data, "usage": {"prompt_tokens": sum(lengths)}})


def _classes(length: int) -> list[float]:
    return [1 - length / 10, length / 10]


@pytest.fixture
async def judge() -> AsyncIterator[Judge]:
    server = Judge()
    app = web.Application()
    app.router.add_post("/tokenize", server.tokenize)
    for path in ("/classify", "/pooling", "/mine"):
        app.router.add_post(path, server.score)
    async with TestServer(app) as running:
        server.url = str(running.make_url("/")).rstrip("/")
        yield server


def asks(*plans: str) -> list[SampleRequest]:
    problem = Message(role="user", content="p")
    return [SampleRequest(messages=(problem, Message(role="assistant", content=plan))) for plan in plans]


async def scores(model: Model, requests: list[SampleRequest]) -> list[float]:
    replies = await asyncio.gather(*(model.sample(request) for request in requests))
    await model.aclose()
    return [float(reply.samples[0].text) for reply in replies]


@pytest.mark.parametrize("path", ["classify", "pooling", "mine"])
async def test_conversations_that_come_together_share_a_request(judge: Judge, path: str) -> None:
    model = models.load(f"scorer:{judge.url}/{path}#rm")
    assert await scores(model, asks("a", "bb", "ccc")) == pytest.approx([0.1, 0.2, 0.3])
    assert len(judge.bodies) == 1
    assert judge.bodies[0]["model"] == "rm"


async def test_a_crowd_is_cut_into_batches(judge: Judge) -> None:
    model = models.load(f"scorer:{judge.url}/classify")
    assert await scores(model, asks(*["abc"] * 130)) == pytest.approx([0.3] * 130)
    assert [len(body["input"]) for body in judge.bodies] == [64, 64, 2]


async def test_the_bill_is_shared(judge: Judge) -> None:
    model = models.load(f"scorer:{judge.url}/classify")
    replies = await asyncio.gather(*(model.sample(request) for request in asks("a", "bb", "ccc")))
    assert sum(reply.usage.prompt_tokens for reply in replies) == 6
    await model.aclose()


async def test_without_a_template_the_text_is_sent(judge: Judge) -> None:
    judge.tokenizes = False
    model = models.load(f"scorer:{judge.url}/classify")
    await scores(model, asks("a"))
    assert judge.bodies[0]["input"] == ["p\n\na"]


@pytest.mark.parametrize("value", [[0.2, 0.8], [[0.9, 0.1], [0.2, 0.8]]])
async def test_classes_of_the_whole_or_of_the_last_step(judge: Judge, value: object) -> None:
    judge.says = json.dumps({"data": [{"data": value}]}).encode()
    assert await scores(models.load(f"scorer:{judge.url}/pooling"), asks("a")) == [0.8]


@pytest.mark.parametrize(("value", "score"), [([0.0], 0.5), ([[7.0], [3.0]], 0.9526), ([-800.0], 0.0)])
async def test_a_plain_reward_goes_through_the_logistic(judge: Judge, value: object, score: float) -> None:
    judge.says = json.dumps({"data": [{"data": value}]}).encode()
    model = models.load(f"scorer:{judge.url}/pooling")
    assert await scores(model, asks("a")) == pytest.approx([score], abs=1e-4)


async def test_and_through_it_only_once(judge: Judge) -> None:
    judge.pools = "reward"
    model = models.load(f"scorer:{judge.url}/pooling")
    first, second = [await model.sample(asks("aaa")[0]) for _ in range(2)]
    assert float(first.samples[0].text) == pytest.approx(0.9526, abs=1e-4)
    assert second.samples == first.samples
    assert [body.get("use_activation") for body in judge.bodies] == [None, False, False]
    assert [reply.usage.prompt_tokens for reply in (first, second)] == [6, 3]
    await model.aclose()


async def test_one_that_does_not_fit_fails_alone(judge: Judge) -> None:
    judge.longest = 4
    model = models.load(f"scorer:{judge.url}/classify")
    asked = asks("a", "bb", "too long", "ccc", "dddd")
    heard = await asyncio.gather(*(model.sample(request) for request in asked), return_exceptions=True)
    await model.aclose()
    assert [type(one) for one in heard] == [Reply, Reply, Refused, Reply, Reply]
    assert "longer than the context" in str(heard[2])
    fit = [one for one in heard if isinstance(one, Reply)]
    assert [float(one.samples[0].text) for one in fit] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert sum(one.usage.prompt_tokens for one in fit) == 10


async def test_a_text_without_steps_fails_alone(judge: Judge) -> None:
    judge.pools = "steps"
    model = models.load(f"scorer:{judge.url}/pooling")
    heard = await asyncio.gather(
        *(model.sample(request) for request in asks("", "aaa")), return_exceptions=True
    )
    await model.aclose()
    assert "found no steps in the text" in str(heard[0])
    assert isinstance(heard[1], Reply)
    assert heard[1].samples[0].text == "0.3"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("classify", b'{"data": [{"probs": [NaN]}]}'),
        ("classify", b'{"data": [{"probs": []}]}'),
        ("classify", b'{"data": [{"probs": [1.5]}]}'),
        ("pooling", b'{"data": [{"data": [0.5, 1.5]}]}'),
        ("pooling", b'{"data": [{"data": []}]}'),
        ("classify", b'{"data": []}'),
        ("classify", b"\xff"),
        ("pooling", b'{"data": [{"data": [[]]}]}'),
        ("pooling", b'{"data": [{"data": "yes"}]}'),
        ("mine", b'{"scores": [2.0]}'),
        ("mine", b'{"scores": [0.1, 0.2]}'),
        ("mine", b'{"scores": [0.'),
    ],
)
async def test_poisoned_scores_are_a_failed_call(judge: Judge, path: str, said: bytes) -> None:
    judge.says = said
    model = models.load(f"scorer:{judge.url}/{path}")
    with pytest.raises(ModelError, match="cannot be read"):
        await model.sample(asks("a")[0])
    judge.says = None
    assert await scores(model, asks("a")) == [0.1]


async def test_who_gives_up_before_the_batch_leaves_is_not_scored(judge: Judge) -> None:
    model = models.load(f"scorer:{judge.url}/mine")
    first, second = (asyncio.create_task(model.sample(request)) for request in asks("a", "bb"))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert len(judge.bodies[0]["inputs"]) == 1
    await model.aclose()


def test_a_url_names_what_scores() -> None:
    with pytest.raises(BadInput, match="classify"):
        models.load("scorer:http://localhost:8000")
