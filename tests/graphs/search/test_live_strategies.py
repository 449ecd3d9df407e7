"""Every strategy of the folder in a live run: its loop ends, its hints reach the model, its aggregation answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from branchwise.graphs import aggregations, strategies
from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.graphs.strategies.div_se import APPROACHES
from branchwise.models.protocol import Capabilities, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import Unsupported
from branchwise.store.records import Budget, VerifiedBy
from branchwise.store.store import Store

ALL = Capabilities(prefix=True, choices=True, regex=True, schema=True, logprobs=True, seed=True, many=True)


def is_judging(request: SampleRequest) -> bool:
    return '"Score: "' in request.messages[-1].content


def _write(request: SampleRequest, seed: int) -> str:
    """A verifier that likes progress and is never content; a generator that takes three steps, then answers."""
    asked = request.messages[-1].content
    if is_judging(request):
        return f"It could be better.\nScore: {20 * asked.count('Step') + len(asked) % 20}"
    if "List every constraint" in asked:
        return "- be brief"
    if "Do not solve the problem yet" in asked:
        return f"Think about it in way {seed % 7}. "
    begun = f"{request.prefix}{asked.rpartition('<intermediate_step>')[2]}"
    return f"Step {seed % 97}." if begun.count("Step") < 3 else f"Answer: {seed % 5}"


def model(**changes: bool) -> Scripted:
    return scripted(_write, capabilities=replace(ALL, **changes))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


@pytest.mark.parametrize("name", strategies.names())
async def test_it_runs_to_an_answer(name: str, url: str) -> None:
    engine = model()
    result = await solve("Which?", model=engine, strategy=name, store=url, budget=Budget(calls=300))
    assert result.reason in {"exhausted", "budget"}
    assert result.answer is not None
    async with Store.opened(url) as store:
        tree, verdicts = await store.nodes(result.run_id), await store.verdicts(result.run_id)
        usage = await store.usage(result.run_id)
    about = strategies.info(name)
    assert {node.strategy for node in tree} == {"", name}
    assert usage.calls == engine.calls
    if result.reason == "exhausted":
        choice = aggregations.load(about.aggregation)(tree.complete)
        assert choice is not None
        assert result.answer == choice.answer
    judged = {node for node, _ in verdicts}
    assert len(judged) == sum(is_judging(request) for request in engine.requests)
    if not about.needs & {"scores", "step scores"}:
        assert judged == {result.node}, (
            "scores that nobody reads are not bought; the answer is judged all the same"
        )
    elif "step scores" not in about.needs:
        assert all(tree[node].complete for node in judged)
    assert not result.calibrated
    assert result.verified_by is VerifiedBy.MODEL


@pytest.mark.parametrize("name", strategies.names())
async def test_an_engine_that_continues_no_reply_is_asked_for_the_next_step(name: str, url: str) -> None:
    engine = model(prefix=False, logprobs=False)
    if strategies.info(name).needs & {"prefix", "log-probabilities"}:
        with pytest.raises(Unsupported, match=r"the embedded engine(,| and) vLLM"):
            await solve("Which?", model=engine, strategy=name, store=url)
        assert engine.calls == 0
        async with Store.opened(url) as store:
            assert await store.runs() == []
        return
    result = await solve("Which?", model=engine, strategy=name, store=url, budget=Budget(calls=300))
    assert result.answer is not None
    assert all(request.prefix == "" for request in engine.requests)


async def test_an_arm_that_cannot_run_here_is_refused_too(url: str) -> None:
    engine = model(logprobs=False)
    with pytest.raises(Unsupported, match="`rpc` needs log-probabilities"):
        await solve("Which?", model=engine, store=url, options=Options(arms=("best_of_n", "rpc")))
    assert engine.calls == 0


async def test_each_approach_is_put_into_words_once_and_drawn_greedily(url: str) -> None:
    engine = model()
    await solve("Which?", model=engine, strategy="div_se", store=url)
    proposals = [
        request for request in engine.requests if any(a in request.messages[-1].content for a in APPROACHES)
    ]
    assert [sum(a in r.messages[-1].content for r in proposals) for a in APPROACHES] == [1] * len(APPROACHES)
    assert {(request.n, request.temperature) for request in proposals} == {(1, 0.0)}


async def test_a_segment_begins_with_the_trigger_and_has_growing_room(url: str) -> None:
    engine = model()
    result = await solve("Which?", model=engine, strategy="iterative_deepening", store=url)
    later = [request for request in engine.requests if request.prefix]
    assert later
    assert all("Wait!" in request.prefix.splitlines()[-1] for request in later)
    assert {request.output_format.max_tokens for request in later} == {512, 1024, 2048}
    async with Store.opened(url) as store:
        tree = await store.nodes(result.run_id)
    assert all(
        node.text.startswith("\nWait!") == (node.depth > 1) for node in tree if node.parent is not None
    )


async def test_a_roll_out_is_greedy_and_an_expansion_is_not(url: str) -> None:
    engine = model()
    await solve("Which?", model=engine, strategy="lookahead", store=url)
    warm = {request.temperature for request in engine.requests if request.prefix}
    assert warm == {0.0, 0.7}


async def test_token_sets_of_a_rewind_are_short_at_first(url: str) -> None:
    engine = model()
    await solve("Which?", model=engine, strategy="rewind", store=url, budget=Budget(calls=60))
    assert {1, 2} <= {
        request.output_format.max_tokens for request in engine.requests if not is_judging(request)
    }


async def test_an_approach_is_no_solution_and_its_solutions_follow_it(url: str) -> None:
    engine = model()
    result = await solve("Which?", model=engine, strategy="plan_first", store=url)
    async with Store.opened(url) as store:
        tree = await store.nodes(result.run_id)
    plans = tree.children("0")
    assert len(plans) == 3
    assert not any(plan.complete for plan in plans)
    assert all(node.complete for plan in plans for node in tree.children(plan.id))


STEPWISE = [
    row.name for row in strategies.catalogue() if row.info.grain == "step" and "prefix" not in row.info.needs
]


@pytest.mark.parametrize("name", STEPWISE)
async def test_what_a_program_lets_pass_is_gone_on_with(name: str, url: str) -> None:
    """A day is a step that the checker judges by its free times; the time of day is the next one."""
    problem = (Path(__file__).parents[3] / "examples/calendar/three_people.txt").read_text()
    engine = scripted(
        lambda request, seed: request.output_format.choices[seed % len(request.output_format.choices)]
    )
    result = await solve(
        problem, task="calendar", model=engine, strategy=name, store=url, budget=Budget(calls=60)
    )
    assert result.answer is not None
    assert result.verified_by is VerifiedBy.PROGRAM
    async with Store.opened(url) as store:
        assert max(node.depth for node in await store.nodes(result.run_id)) >= 2
