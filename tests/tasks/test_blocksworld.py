from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.errors import BadInput
from branchwise.store.records import Verdict
from branchwise.tasks.blocksworld import blocksworld, grade, instances
from branchwise.tasks.domains.blocks import World, world_from_pairs
from branchwise.tasks.domains.instances import Instance, read_records

PROBLEM = "Now: a is on the table, b is on c, c is on the table.\nGoal: c is on b, a is on c."
PLAN = "unstack b c\nput-down b\npick-up c\nstack c b\npick-up a\nstack a c\ndone"


def judge(text: str, complete: bool = True) -> Verdict:
    task = blocksworld()
    constraints = task.read_constraints(PROBLEM)
    assert constraints is not None
    assert task.check is not None
    verdict = task.check(constraints, text, complete)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (PLAN, True),
        ("(unstack b c)\n(put-down b)\n(pick-up c)\n(stack c b)\n(pick-up a)\n(stack a c)", True),
        ("done", False),
        (PLAN.replace("put-down b\n", ""), False),
        (PLAN.replace("unstack b c", "pick-up b"), False),
        (PLAN.replace("unstack b c", "unstack b table"), False),
        (PLAN.replace("stack c b", "stack c c"), False),
        (PLAN.replace("unstack b c", "unstack b"), False),
        ("steal b\n" + PLAN, False),
        ("", False),
    ],
)
def test_check(text: str, right: bool) -> None:
    assert judge(text).accepted is right
    assert grade(Instance(id="x", problem=PROBLEM), text) == {"simulator": right}


def test_beginnings_score_by_the_goals_that_hold() -> None:
    halfway = judge("unstack b c\nput-down b\npick-up c\nstack c b\n", complete=False)
    assert (halfway.accepted, halfway.score) == (True, 45)
    assert judge("pick-up c\n", complete=False).score == -100


def test_steps_can_be_chosen_to_the_end() -> None:
    task = blocksworld()
    constraints = task.read_constraints(PROBLEM)
    assert constraints is not None
    text = ""
    for line in PLAN.splitlines(keepends=True):
        assert not task.is_complete(text)
        assert line in task.output_format(constraints, text, "step").choices
        text += line
    assert task.is_complete(text)


@pytest.mark.parametrize(
    "problem",
    [
        "",
        "a is on b",
        "Now: a is on b, b is on a.\nGoal: a is on the table.",
        "Now: a is on c, b is on c, c is on the table.\nGoal: a is on b.",
        "Now: a is on b.\nGoal: b is on a.",
        "Now: a is on the table.\nGoal: z is on a.",
    ],
)
def test_what_is_no_problem(problem: str) -> None:
    with pytest.raises(BadInput):
        blocksworld().validate(problem)


@given(st.data())
def test_every_possible_action_keeps_every_block(data: st.DataObject) -> None:
    world = world_from_pairs((("a", "table"), ("b", "a"), ("c", "table"), ("d", "c")))
    assert world is not None
    for _ in range(data.draw(st.integers(0, 12))):
        after = world.act(data.draw(st.sampled_from(list(world.actions()))))
        assert after is not None
        world = after
        on = {block for block, _ in world.below} | ({world.held} if world.held else set())
        assert on == {"a", "b", "c", "d"}
        assert world_from_pairs(world.below) == World(below=world.below)


def test_logged_plans_are_judged_as_logged(data: Path) -> None:
    """Upstream's own validator and this simulator differ on one logged plan only."""
    by_id = {instance.id: instance for instance in instances(data)}
    upstream = differ = 0
    for row in read_records(data, "planbench_blocksworld/plans.jsonl.gz"):
        plan: Any = row["plan"] or []
        right = grade(by_id[f"{row['domain']}/{row['id']}"], "\n".join(plan))["simulator"]
        assert right is row["correct"]
        if row["logged_ok"] is not None:
            upstream += 1
            differ += right is not row["logged_ok"]
    assert (upstream, differ) == (9478, 1)
