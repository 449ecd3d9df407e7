"""Scores of real vLLMs that serve reward models, beside those of transformers itself on the same conversations."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

import branchwise
from branchwise import models, tasks
from branchwise.agents.verifiers.conversation import conversation
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import Message, Reply, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import ModelError
from branchwise.store.records import Constraints
from branchwise.store.store import Store
from tests.conftest import pool_up
from tests.serving import reward_models

pytestmark = pytest.mark.vllm

PROBLEM = "How much is 17 and 25?"
PLANS = ("17 and 25 are 32.\nAnswer: 32", "17 and 20 are 37.\n37 and 5 are 42.\nAnswer: 42", "Answer: 0")
STEPS = {"task": "token_classify", "tok_pooling_type": "STEP", "step_tag_id": reward_models.TAG_ID}
PROFILE = """
model = "%s"
device = "cpu"
devices = ["nobind"]
ready_seconds = 300
arguments = ["--pooler-config", '%s']
[environment]
OMP_NUM_THREADS = "1"
VLLM_CPU_KVCACHE_SPACE = "1"
HF_HUB_OFFLINE = "1"
VLLM_NO_USAGE_STATS = "1"
DO_NOT_TRACK = "1"
[options]
served_model_name = "rm"
runner = "pooling"
convert = "classify"
dtype = "float32"
enforce_eager = true
max_model_len = 256
max_num_seqs = 16
"""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What transformers says of one plan."""

    tokens: int
    probability: float
    """Of the last class."""
    step_tokens: int
    steps: list[float]
    """The reward after each step, before the logistic."""


@dataclass(frozen=True, kw_only=True)
class Engines:
    """Where a model of two classes and one of steps are served, and what they should say of the plans."""

    classes: str
    steps: str
    expected: list[Expected]


def talk(plan: str) -> tuple[Message, ...]:
    """What a run has scored of a plan."""
    known = Constraints()
    return conversation(
        tasks.load("text"),
        {"problem": PROBLEM, "path": "", "constraints": known, "plan": plan, "complete": True},
    )


@pytest.fixture(scope="module")
def engines(vllm: Path, smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    home = tmp_path_factory.mktemp("scores")
    said = subprocess.run(
        [vllm / "bin/python", reward_models.__file__, smollm2, home],
        input=json.dumps([[asdict(message) for message in talk(plan)] for plan in PLANS]),
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    expected = [Expected(**one) for one in json.loads(said.stdout)]
    words = []
    for name, pooler in (("classes", {}), ("steps", STEPS)):
        file = home / f"{name}.toml"
        file.write_text(PROFILE % (home / name, json.dumps(pooler)))
        words.append(("--name", name, "--profile", str(file)))
    with pool_up(home, *words[0]) as classes, pool_up(home, *words[1]) as steps:  # both start at once
        yield Engines(
            classes=classes.url().removesuffix("/v1"),
            steps=steps.url().removesuffix("/v1"),
            expected=expected,
        )


async def replies(url: str, talks: Sequence[tuple[Message, ...]]) -> list[Reply | BaseException]:
    model = models.load(f"scorer:{url}#rm")
    asked = (model.sample(SampleRequest(messages=messages)) for messages in talks)
    heard = await asyncio.gather(*asked, return_exceptions=True)
    await model.aclose()
    return heard


def scores(heard: Sequence[Reply | BaseException]) -> list[float]:
    assert not [one for one in heard if isinstance(one, BaseException)], heard
    return [float(one.samples[0].text) for one in heard if isinstance(one, Reply)]


async def requests(url: str, path: str) -> int:
    """How many requests the server has answered on a path, by its own count."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as reply:
        text = await reply.text()
    counts = re.findall(rf'^http_requests_total{{handler="/{path}",.*}} ([0-9.]+)$', text, re.MULTILINE)
    return int(sum(float(count) for count in counts))


@pytest.mark.parametrize("path", ["classify", "pooling"])
async def test_a_score_is_the_probability_of_the_last_class(engines: Engines, path: str) -> None:
    before = await requests(engines.classes, path)
    heard = await replies(f"{engines.classes}/{path}", [talk(plan) for plan in PLANS])
    wanted = [one.probability for one in engines.expected]
    assert max(wanted) - min(wanted) > 0.1, "the model tells the plans apart"
    assert scores(heard) == pytest.approx(wanted, abs=1e-3)
    assert await requests(engines.classes, path) - before == 1
    read = sum(one.usage.prompt_tokens for one in heard if isinstance(one, Reply))
    assert read == sum(one.tokens for one in engines.expected)


async def test_a_model_of_steps_scores_a_plan_by_its_last(engines: Engines) -> None:
    model = models.load(f"scorer:{engines.steps}/pooling#rm")
    asked = [SampleRequest(messages=talk(plan)) for plan in PLANS]
    wanted = [1 / (1 + math.exp(-one.steps[-1])) for one in engines.expected]
    assert [len(one.steps) for one in engines.expected] == [2, 3, 1]
    assert max(wanted) - min(wanted) > 0.1
    spent, sent = [], [await requests(engines.steps, "pooling")]
    for _ in range(2):
        heard = await asyncio.gather(*(model.sample(request) for request in asked))
        assert scores(heard) == pytest.approx(wanted, abs=1e-3)
        spent.append(sum(reply.usage.prompt_tokens for reply in heard))
        sent.append(await requests(engines.steps, "pooling"))
    await model.aclose()
    read = sum(one.step_tokens for one in engines.expected)
    # At first it is not known that the model gives plain rewards, so they are asked for once more.
    assert spent == [2 * read, read]
    assert [after - before for before, after in pairwise(sent)] == [2, 1]


async def test_who_cannot_be_scored_fails_alone(engines: Engines) -> None:
    endless = talk("word " * 300)
    first, refused, last = await replies(
        f"{engines.classes}/classify", [talk(PLANS[0]), endless, talk(PLANS[1])]
    )
    assert isinstance(refused, ModelError)
    assert "256" in str(refused), "the model's context is too short"
    wanted = [one.probability for one in engines.expected[:2]]
    assert scores([first, last]) == pytest.approx(wanted, abs=1e-3)

    no_step = (Message(role="user", content=PROBLEM),)
    stepless, whole = await replies(f"{engines.steps}/pooling", [no_step, talk(PLANS[0])])
    assert isinstance(stepless, ModelError)
    assert "found no steps in the text" in str(stepless)
    assert scores([whole]) == pytest.approx([1 / (1 + math.exp(-engines.expected[0].steps[-1]))], abs=1e-3)


async def test_a_run_is_judged_by_it_and_records_what_it_said(engines: Engines, tmp_path: Path) -> None:
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        result = await branchwise.solve(
            PROBLEM,
            model=scripted(PLANS),
            strategy="best_of_n",
            knobs={"n": 3},
            store=store,
            options=Options(verifier="reward", scorer=f"{engines.classes}/classify#rm", constraints=False),
        )
        calls = [call for call in await store.calls(result.run_id) if call.key.endswith("/score")]
        tree, verdicts = await store.nodes(result.run_id), await store.verdicts(result.run_id)
    wanted = {plan: one.probability for plan, one in zip(PLANS, engines.expected, strict=True)}
    heard = {tree[node].text: verdict for node, verdict in verdicts}
    assert {plan: one.reward for plan, one in heard.items()} == pytest.approx(wanted, abs=1e-3)
    assert {one.verifier for one in heard.values()} == {"reward"}
    assert result.text == max(wanted, key=wanted.__getitem__)
    assert result.score == pytest.approx(max(wanted.values()), abs=1e-3)
    assert result.verified_by == "model"
    assert sum(call.usage.prompt_tokens for call in calls) == sum(one.tokens for one in engines.expected)
