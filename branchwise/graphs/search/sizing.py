"""Sizes of probes and trials by what the budget affords, in whole solutions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean

from branchwise.agents.planning.policy_table import Knobs
from branchwise.graphs import strategies
from branchwise.graphs.search.state import SearchContext, SearchState
from branchwise.graphs.strategies._workflow import WORKFLOW
from branchwise.graphs.strategies.protocol import NO_LIMIT
from branchwise.models.recorded import longest
from branchwise.store.records import Budget
from branchwise.store.tree import Tree

_PROBE_SHARE = 10
"""Largest share of the affordable solutions for probes: more costs more than the estimate is worth."""
_SHALLOW = 6
"""Steps of a whole solution up to which the run backtracks. Chosen on open instances of the calendar, Game of 24 and
Blocksworld with the uniform model: on short solutions leaving out what was refuted before is worth more than
a beam, on long ones the scores of beginnings are."""
_BACKTRACKING: Mapping[str, int | float] = {
    "branching": NO_LIMIT,
    "threshold": 0.0,
    "solutions": NO_LIMIT,
    "steps": 100,
    "below_first": 24,
}
"""Backtracking search: below each beginning until nothing is left there, or 24 whole solutions below a first step were
refuted (docs/decisions/0089)."""
_ROUNDS = 500
"""Samples of a trial beyond which more than one is drawn at once: a run has at most twice as many rounds."""
_WIDEST, _MOST = 16, 64


def tightest(*limits: int | None) -> int | None:
    """The smallest of the limits that are set; None without any."""
    return min((limit for limit in limits if limit is not None), default=None)


def affordable_solutions(state: SearchState, context: SearchContext) -> int | None:
    """Number of whole solutions that the budget affords, at the mean cost of those seen, else at the longest.

    None if nothing limits it.
    """
    tracker, budget = context.tracker, context.tracker.budget
    form = context.task.output_format(state["constraints"], "", "solution")
    each = _seen(context.journal.tree_before(state["round"] + 1)) or longest(form)
    limits = [tracker.samples_left() if budget.calls or budget.cost or budget.seconds else None]
    if budget.completion_tokens is not None:
        limits.append(int((budget.completion_tokens - tracker.spent.completion_tokens) / max(1, each)))
    if budget.tokens is not None:
        prompt = (len(context.task.instructions) + len(state["problem"])) // 4
        limits.append(int(((tracker.tokens_left() or 0) - prompt) / max(1, each)))
    left = tightest(*limits)
    return None if left is None else max(0, left)


def probes(state: SearchState, context: SearchContext) -> int:
    """Number of whole solutions drawn to estimate the difficulty.

    0 if a program judges steps, since the first trial is then more informative, or if the budget is too small.
    """
    looked_up = any(row.bin is not None for row in context.policy.rows)
    if context.checked and context.task.checks_steps and not looked_up:
        return 0
    left = affordable_solutions(state, context)
    return context.options.probes if left is None else min(context.options.probes, left // _PROBE_SHARE)


def sized(name: str, samples: int | None, drawn: int, state: SearchState, context: SearchContext) -> Knobs:
    """Knobs with which a trial of strategy `name` uses about half of the affordable samples, the last one all.

    Args:
        name: A strategy that "auto" chooses among.
        samples: Whole solutions that the difficulty makes worth drawing; None for no limit.
        drawn: Probes on the tree that the strategy counts among its own.
        state: The run's.
        context: The run's.
    """
    left = affordable_solutions(state, context)
    last = state["trial"] + 1 >= context.options.trials and not context.checked
    share = left if left is None or last else left // 2
    most = tightest(samples, share, _MOST)
    half = max(1, most or 0)
    if name == "depth_first":
        steps = 0 if left is None else math.ceil(left * steps_of(state, context))
        return {**_BACKTRACKING, "batch": 1 + steps // _ROUNDS}
    if name == "best_of_n":
        return {"n": half + drawn}
    if name == "rebase":
        return {"width": min(_WIDEST, max(4, half)) + drawn}
    return {"branching": 4, "depth": 100, "expansions": 1000} if name == "best_first" else {}


def in_unit(name: str, samples: int | None, state: SearchState, context: SearchContext) -> int | None:
    """Number of samples of a trial of so many whole solutions: one each, or one for each step; None for no limit.

    If a budget is set and a program checks steps, the budget alone limits the trial.
    """
    if strategies.info(name).grain == "solution" or samples is None:
        return samples
    if limited(context) and context.checked and context.task.checks_steps:
        return None
    return samples * math.ceil(steps_of(state, context))


def steps_of(state: SearchState, context: SearchContext) -> float:
    """Approximate number of steps of a whole solution, from the longest texts that its forms allow."""
    form, known = context.task.output_format, state["constraints"]
    return max(1.0, longest(form(known, "", "solution")) / max(1, longest(form(known, "", "step"))))


def large_enough(state: SearchState, context: SearchContext) -> bool:
    """Whether a trial has used half of the affordable samples, so that its reward is evidence on its strategy.

    One that ended at once, for example because all first steps were alike, is repeated with the same
    strategy. Without a budget, or without a program that checks steps, every trial counts.
    """
    if not (context.checked and context.task.checks_steps and limited(context)):
        return True
    if state["strategy"].startswith(WORKFLOW):
        return True
    chosen = context.journal.decision(f"t{state['trial']}/select")
    if not isinstance(chosen, Mapping) or "affordable" not in chosen:
        return True
    had, left = chosen["affordable"], affordable_solutions(state, context)
    return isinstance(had, int) and left is not None and (had - left) * 2 >= had


def limited(context: SearchContext) -> bool:
    """Whether any budget bounds the run."""
    return context.tracker.budget != Budget() or context.tracker.parent is not None


def _backtracks(state: SearchState, context: SearchContext) -> bool:
    """Whether short solutions are drawn one after another, each excluding what was refuted before it."""
    if not (context.options.exclude and limited(context)):
        return False
    step = context.task.output_format(state["constraints"], "", "step")
    return bool(step.choices) and steps_of(state, context) <= _SHALLOW


def _seen(tree: Tree) -> float:
    """Mean completion tokens of the whole solutions on the tree that were sampled; 0 without any."""
    drawn = [node for node in tree.complete if not node.strategy.startswith(WORKFLOW)]
    costs = [sum(step.tokens for step in tree.path(node.id)) for node in drawn]
    return fmean(costs) if costs else 0.0


def usable(arms: tuple[str, ...], state: SearchState, context: SearchContext) -> tuple[str, ...]:
    """The strategies that "auto" chooses among: where a program judges, those that sample what it judges.

    Beginnings that nobody scores are extended blindly: on texts with requirements, trees of steps spent the whole
    budget and seldom came to an end (docs/decisions/0087).
    """
    flows = tuple(name for name in arms if name.startswith(WORKFLOW))
    if context.checked and context.task.checks_steps:
        if "depth_first" in arms and _backtracks(state, context):
            return ("depth_first", *flows)
        steps = tuple(n for n in arms if strategies.info(n).grain == "step" and n != "depth_first")
        return (*steps, *flows) or arms
    if context.checked:
        return tuple(n for n in arms if n in flows or strategies.info(n).grain == "solution") or arms
    # They compare prefixes of different lengths; a model's scores of these are not comparable.
    return tuple(name for name in arms if name not in {"best_first", "depth_first"}) or arms
