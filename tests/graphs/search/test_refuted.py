"""What a program has refuted is not drawn again: in no strategy, no later trial, and not after a resumption."""

from __future__ import annotations

import pytest

from branchwise import tasks
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.search.refuted import Refuted
from branchwise.graphs.search.request import input_of, options_of
from branchwise.graphs.search.run import Result, solve
from branchwise.graphs.search.state import Options
from branchwise.models.uniform import uniform
from branchwise.store.as_fields import as_fields
from branchwise.store.records import Budget, Constraints, Json, Node, VerifiedBy
from branchwise.store.store import Store
from branchwise.store.tree import Tree

MEETING = """You need to schedule a meeting for Amy and Bo for half an hour between the work hours of 9:00 to 17:00 on \
either Monday or Tuesday.

Here are the existing schedules for everyone during the days:
Amy has meetings on Monday during 9:00 to 17:00, Tuesday during 9:00 to 12:00, 12:30 to 17:00;
Bo has blocked their calendar on Tuesday during 9:00 to 11:30, 13:00 to 17:00;

Find a time that works for everyone's schedule and constraints."""


def known(task: str, problem: str) -> Constraints:
    found = tasks.load(task).read_constraints(problem)
    assert found is not None
    return found


def tree(*texts: tuple[str, str, str, bool]) -> Tree:
    """Nodes (id, parent, text, whole) that a program refuted."""
    return Tree(
        Node(
            id=name,
            parent=parent,
            text=text,
            complete=whole,
            answer=None,
            score=0.0,
            verified_by=VerifiedBy.PROGRAM,
            failed=None if whole else "a dead end",
        )
        for name, parent, text, whole in texts
    )


def test_a_refuted_answer_and_a_dead_beginning_are_not_offered_again() -> None:
    told = known("calendar", MEETING)
    seen = Refuted(
        tree(("0.0", "0", "Monday, ", False), ("0.1", "0", "Tuesday, 9:00 - 9:30", True)),
        tasks.load("calendar"),
        told,
    )
    assert seen.offered("", "step") == ("Tuesday, ",)
    whole = seen.offered("", "solution") or ()
    assert whole
    assert not any(text.startswith("Monday") or text == "Tuesday, 9:00 - 9:30" for text in whole)
    assert "9:00 - 9:30" not in (seen.offered("Tuesday, ", "step") or ())
    assert "Tuesday, 9:00 - 9:30" in seen.excluded("")


def test_game_of_24_excludes_by_the_numbers_that_are_left() -> None:
    task, told = tasks.load("game24"), known("game24", "1 1 4 6")
    first, second = "1 * 1 = 1 (left: 1 4 6)\n", "4 + 6 = 10 (left: 1 10)\n"
    other = "4 + 6 = 10 (left: 1 1 10)\n1 * 1 = 1 (left: 1 10)\n"
    refuted = Node(
        id="0.0",
        parent="0",
        text=f"{first}{second}1 + 10 = 11 (left: 11)\n",
        complete=True,
        verified_by=VerifiedBy.PROGRAM,
    )
    left = Refuted(Tree([refuted]), task, told).offered(other, "step")
    assert left is not None
    assert not any("left: 11)" in line for line in left)
    assert len(left) == len(task.output_format(told, other, "step").choices) - 1


def test_a_beginning_is_spent_when_every_choice_below_it_was_refuted() -> None:
    task, told = tasks.load("game24"), known("game24", "1 1")
    lines = task.output_format(told, "", "step").choices
    nodes = [
        Node(id=f"0.{i}", parent="0", text=line, complete=True, verified_by=VerifiedBy.PROGRAM)
        for i, line in enumerate(lines)
    ]
    seen = Refuted(Tree(nodes), task, told)
    assert seen.everything
    assert seen.spent == {"0"}
    assert not Refuted(Tree(nodes[1:]), task, told).everything


def test_a_step_back_to_an_earlier_state_is_not_offered() -> None:
    problem = "Now: a is on the table, b is on the table.\nGoal: a is on b."
    seen = Refuted(Tree(), tasks.load("blocksworld"), known("blocksworld", problem))
    left = seen.offered("pick-up a\n", "step", ["", "pick-up a\n"])
    assert left == ("stack a b\n", "done")


def test_what_a_model_or_a_failed_call_says_refutes_nothing() -> None:
    nodes = [
        Node(id="0.0", parent="0", text="Monday, ", failed="timed out"),
        Node(
            id="0.1",
            parent="0",
            text="Tuesday, 9:00 - 9:30",
            complete=True,
            verified_by=VerifiedBy.MODEL,
            score=0.0,
        ),
    ]
    seen = Refuted(Tree(nodes), tasks.load("calendar"), known("calendar", MEETING))
    assert seen.offered("", "step") is None
    assert seen.offered("", "solution") is None


async def search(strategy: str, store: Store, **more: object) -> Result:
    auto = strategy == "auto"
    options = Options() if auto else Options(restarts=True, trials=1000)
    return await solve(
        MEETING,
        task="calendar",
        strategy=strategy,
        model=uniform(),
        store=store,
        budget=Budget(completion_tokens=700),
        options=options_of({**as_fields(options), **more}),
        seed=3,
    )


@pytest.mark.parametrize(
    "strategy", ["auto", "best_of_n", "tree_of_thoughts", "rebase", "best_first", "mcts", "beam_search"]
)
async def test_no_strategy_draws_again_what_an_earlier_round_refuted(strategy: str) -> None:
    async with Store.opened("sqlite://") as store:
        result = await search(strategy, store)
        grown = list(await store.nodes(result.run_id))
        again = await replay(result.run_id, store=store)
    refuted: dict[str | None, int] = {}
    for node in grown:
        if node.complete and not node.accepted:
            assert refuted.setdefault(node.answer, node.round) == node.round
    assert again.exact, again.differences[:3]
    assert result.solved


def test_runs_of_an_older_version_go_on_without_exclusion() -> None:
    spec: Json = {"problem": "p", "options": {"strategy": "auto"}}
    assert not input_of(spec_of(spec)).options.exclude
    assert Options().exclude


async def test_backtracking_goes_through_a_whole_space_and_ends() -> None:
    """A beginning whose continuations were all refuted elsewhere is left at once, not asked again and again."""
    async with Store.opened("sqlite://") as store:
        result = await solve(
            "1 2 3", task="game24", model="uniform", store=store, budget=Budget(completion_tokens=8_000)
        )
        nodes = await store.nodes(result.run_id)
    assert (result.reason, result.solved) == ("exhausted", False)
    free = [node for node in nodes if node.parent is not None and not node.tokens]
    assert len({node.parent for node in free}) == len(free), "once for each beginning"
    drawn = [nodes.texts[node.id] for node in nodes.complete]
    assert len(drawn) == len(set(drawn)) > 20
