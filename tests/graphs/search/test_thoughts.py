"""Tree of Thoughts as the paper has it: thoughts sampled or proposed, states valued several times or voted on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import Capabilities, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.records import VerifiedBy
from branchwise.store.store import Store

PLAIN = Capabilities(many=True, seed=True)
BREADTH = {"width": 1, "branching": 3, "steps": 4}


def write(request: SampleRequest, seed: int) -> str:
    """The generator numbers its thoughts; voters like the largest number, one in five cannot be read."""
    asked = request.messages[-1].content
    if "Propose 3 different" in asked:
        done = asked.count("Step")
        return "Answer: 12" if done >= 2 else "1. Step 10\n2. Step 12\n\n- Step 12\n3) Step 7\n4. Step 99"
    if '"Best: "' in asked:
        thoughts = [int(n) for n in re.findall(r"(?:Step|Answer:) (\d+)(?=\s*(?:Candidate|$))", asked)]
        best = 1 + max(range(len(thoughts)), key=thoughts.__getitem__)
        return "I cannot say." if seed % 5 == 0 else f"Compared.\nBest: {best}"
    if '"Score: "' in asked:
        return "No idea." if seed % 3 == 0 else f"Hm.\nScore: {30 * (seed % 3)}"
    if "List every constraint" in asked:
        return "- be brief"
    begun = asked.rpartition("<intermediate_step>")[2]
    return f"Answer: {seed % 89}" if begun.count("Step") >= 2 else f"Step {seed % 97}"


def model() -> Scripted:
    return scripted(write, capabilities=PLAIN)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


async def test_voters_see_a_whole_layer_and_their_shares_are_its_scores(url: str) -> None:
    engine = model()
    result = await solve(
        "Which?",
        model=engine,
        strategy="tree_of_thoughts",
        knobs=BREADTH,
        options=Options(verifier="vote"),
        store=url,
    )
    polls = [r for r in engine.requests if '"Best: "' in r.messages[-1].content]
    async with Store.opened(url) as store:
        tree = await store.nodes(result.run_id)
        verdicts = dict(await store.verdicts(result.run_id))
    layers = {node.round for node in tree if node.depth}
    assert len(polls) == len(layers), "one poll a layer, however many candidates it has"
    assert all(poll.n == 5 for poll in polls)
    for layer in layers:
        fresh = [n for n in tree if n.round == layer and n.duplicate_of is None]
        assert sum(n.score or 0 for n in fresh) == pytest.approx(1.0)
        assert max(fresh, key=lambda n: n.score or 0).score == 1.0
    assert all(verdict.verified_by is VerifiedBy.MODEL for verdict in verdicts.values())
    assert not result.solved, "the best of a few need not be right"
    assert result.answer is not None


async def test_several_opinions_are_averaged_and_the_unreadable_left_out(url: str) -> None:
    result = await solve(
        "Which?",
        model=model(),
        strategy="best_of_n",
        knobs={"n": 1},
        options=Options(judgements=6),
        store=url,
    )
    # Of seeds in a row one third is unreadable, and 30 and 60 are as frequent as each other.
    assert result.score == pytest.approx((45 + 100) / 200)


async def test_one_call_proposes_all_the_children_of_a_node(url: str) -> None:
    engine = model()
    result = await solve(
        "Which?",
        model=engine,
        strategy="tree_of_thoughts",
        knobs=BREADTH,
        options=Options(proposals=True, verifier="vote"),
        store=url,
    )
    asked = [r for r in engine.requests if "Propose 3" in r.messages[-1].content]
    assert all(request.n == 1 for request in asked)
    async with Store.opened(url) as store:
        tree = await store.nodes(result.run_id)
        calls = await store.calls(result.run_id)
    assert [n.text.strip() for n in tree.children("0")] == ["Step 10", "Step 12", "Step 7"]
    assert len(tree.children(tree.children("0")[1].id)) == 3
    assert result.answer == "12"
    assert sum(n.tokens for n in tree) == sum(
        c.usage.completion_tokens for c in calls if c.key.endswith("/propose")
    )


async def test_a_reply_without_a_step_is_a_failed_branch(url: str) -> None:
    mute = scripted(lambda request, seed: "\n", capabilities=PLAIN)
    result = await solve(
        "Which?",
        model=mute,
        strategy="tree_of_thoughts",
        options=Options(proposals=True),
        store=url,
    )
    assert result.answer is None
    assert result.reason == "exhausted"
