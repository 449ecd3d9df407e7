"""Blocksworld: plan moves from one arrangement of blocks to another (PlanBench, arXiv 2206.10498)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from branchwise.models.protocol import OutputFormat
from branchwise.renamed import new_names
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Json, Verdict, VerifiedBy
from branchwise.tasks.domains.blocks import TABLE, Below, World, actions_in, world_from_pairs
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.task import Task, not_judged

_INSTRUCTIONS = """{problem}

Actions: "pick-up x" (clear, from the table), "put-down x" (on the table), "unstack x y" (clear x from y),
"stack x y" (held x onto clear y). The hand holds one block. Write one action a line, then "done"."""

_FORM = r"((pick-up|put-down) [a-z]|(stack|unstack) [a-z] [a-z])\n"
_ON = re.compile(r"(?P<block>\w+) is on (?:the )?(?P<base>\w+)")
_LONGEST = 20_000
_TOKENS_A_LINE = 8
_NAME = "blocks simulator"


@new_names(steer="constrain")
def blocksworld(constrain: Literal["none", "form", "moves"] = "moves") -> Task:
    """Build the Blocksworld task.

    Args:
        constrain: "none" samples free text; "form" fixes the form of a line; "moves" also offers only the actions
            that are possible, step by step, and `done` (whole solutions get the form).

    Raises:
        BadInput: `constrain` is none of the three.
    """
    if constrain not in {"none", "form", "moves"}:
        raise BadInput(f"`constrain` is one of `none`, `form` and `moves`, not `{constrain}`.")

    def output_format(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
        return _shape(constrain, _world(constraints), text, grain)

    return Task(
        name="blocksworld",
        about="Move blocks from one arrangement to another (exact simulator).",
        instructions=_INSTRUCTIONS,
        validate=_validate,
        read_constraints=_read_constraints,
        output_format=output_format,
        is_complete=lambda text: re.search(r"^[^\w\n]*done[^\w\n]*$", text, re.MULTILINE) is not None,
        answer=_answer,
        check=_check,
        checks_steps=True,
        state=_state,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read PlanBench's instances and write each in words."""
    for row in read_records(folder, "planbench_blocksworld/instances.jsonl.gz"):
        domain, number = str(row["domain"]), row["id"]
        init, goal = _pairs(row["init"]), _pairs(row["goal"])
        problem = f"Now: {_words(init)}.\nGoal: {_words(goal)}."
        yield Instance(id=f"{domain}/{number}", problem=problem, meta={"domain": domain, "blocks": len(init)})


def grade(instance: Instance, text: str) -> Grades:
    """Grade by simulation: every action must be possible and the goal must hold at the end."""
    constraints = _read_constraints(instance.problem)
    verdict = _check(constraints, text, complete=True) if constraints else None
    return {"simulator": verdict is not None and verdict.accepted}


def _words(pairs: Below) -> str:
    return ", ".join(f"{block} is on {'the table' if base == TABLE else base}" for block, base in pairs)


def _pairs(atoms: Json) -> Below:
    """The places among PDDL atoms such as `on b c` and `ontable a`; the other atoms follow from these."""
    found: list[tuple[str, str]] = []
    for atom in atoms if isinstance(atoms, list) else []:
        name, *blocks = str(atom).split()
        if name in {"on", "ontable"}:
            found.append((blocks[0], blocks[1] if name == "on" else TABLE))
    return tuple(sorted(found))


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if _read_constraints(problem) is None:
        raise BadInput(
            "A Blocksworld problem reads `Now: a is on the table, b is on a.` and then `Goal: a is on b.`, "
            "and names a place for every block."
        )


def _read_constraints(problem: str) -> Constraints | None:
    parts = re.fullmatch(r"\s*Now: (?P<now>[^.]+)\.\s*Goal: (?P<goal>[^.]+)\.\s*", problem[:_LONGEST])
    if parts is None or len(problem) > _LONGEST:
        return None
    now, goal = _spoken(parts["now"]), _spoken(parts["goal"])
    if now is None or goal is None or world_from_pairs(now) is None:
        return None
    blocks = {block for block, _ in now}
    if not {name for pair in goal for name in pair} <= {*blocks, TABLE}:
        return None
    data: dict[str, Json] = {"now": [list(pair) for pair in now], "goal": [list(pair) for pair in goal]}
    items = ("every action must be possible when it is done", f"at the end {_words(goal)}")
    return Constraints(items=items, data=data, source="program")


def _spoken(text: str) -> Below | None:
    parts = [_ON.fullmatch(part.strip()) for part in text.split(",")]
    pairs = [(part["block"], part["base"]) for part in parts if part is not None]
    return tuple(sorted(pairs)) if len(pairs) == len(parts) else None


def _places(constraints: Constraints, name: str) -> Below | None:
    given = constraints.data.get(name)
    if not isinstance(given, list):
        return None
    return tuple((str(p[0]), str(p[1])) for p in given if isinstance(p, list) and len(p) == 2)


def _world(constraints: Constraints) -> World | None:
    pairs = _places(constraints, "now")
    return None if pairs is None else world_from_pairs(pairs)


def _shape(constrain: str, world: World | None, text: str, grain: Grain) -> OutputFormat:
    if constrain == "none":
        return (
            OutputFormat(max_tokens=512) if grain == "solution" else OutputFormat(max_tokens=16, stop=("\n",))
        )
    if grain == "solution":
        # Every block put down once and stacked once is four actions; no plan needs more.
        longest = 4 * len(world.below) * _TOKENS_A_LINE + 4 if world else 512
        return OutputFormat(max_tokens=longest, regex=f"({_FORM})+done")
    actions = _actions(world, text) if world and constrain == "moves" else None
    now = _replay(world, actions)[0] if world and actions is not None else None
    if now is None:
        return OutputFormat(max_tokens=16, regex=f"{_FORM}|done")
    return OutputFormat(
        max_tokens=16, choices=(*(f"{' '.join(action)}\n" for action in now.actions()), "done")
    )


def _answer(text: str) -> str | None:
    actions = actions_in(text)
    return "; ".join(" ".join(action) for action in actions) if actions else None


def _replay(world: World, actions: Sequence[tuple[str, ...]]) -> tuple[World | None, str]:
    """The world after the actions, or None and the error."""
    at = world
    for number, action in enumerate(actions):
        after = at.act(action)
        if after is None:
            return None, f"Action {number + 1}, `{' '.join(action)}`, is not possible there."
        at = after
    return at, ""


def _actions(world: World, text: str) -> list[tuple[str, ...]] | None:
    return actions_in(text, [block for block, _ in world.below])


def _state(constraints: Constraints, text: str) -> str | None:
    """Where every block is, the held one last; None after an impossible action."""
    world = _world(constraints)
    actions = _actions(world, text) if world is not None else None
    at = _replay(world, actions)[0] if world is not None and actions is not None else None
    if at is None:
        return None
    return f"{'; '.join(f'{block} on {base}' for block, base in at.below)}; held: {at.held or 'none'}"


def _check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
    """Judge by simulation.

    An impossible action gives -100; a plan with an unreadable line is not judged.
    Else the share of goal places that are right at the end gives up to 90,
    for a whole plan as for a beginning, and a plan that ends with the goal 100. A beginning can always still
    lead to the goal: in Blocksworld every arrangement can be undone.
    """
    world, goal = _world(constraints), _places(constraints, "goal")
    if world is None or not goal:
        return None
    actions = _actions(world, text)
    if actions is None or (complete and not actions and re.search(r"\w", re.sub(r"\bdone\b", "", text))):
        return not_judged("A line is no action in the forms asked for.", _NAME, complete=complete)
    at, reason = _replay(world, actions)
    if at is None:
        return _verdict(-100, False, reason)
    right = at.holds(goal)
    if complete and right == len(goal):
        return _verdict(100, True, "The goal holds.")
    wrong = [f"{_words((pair,))}" for pair in goal if at.under(pair[0]) != pair[1]]
    feedback = f"Not yet: {', '.join(wrong)}." if wrong else "The goal holds now."
    return _verdict(90 * right / len(goal), not complete, feedback)


def _verdict(score: float, accepted: bool, feedback: str) -> Verdict:
    return Verdict(
        score=score, accepted=accepted, feedback=feedback, verified_by=VerifiedBy.PROGRAM, verifier=_NAME
    )
