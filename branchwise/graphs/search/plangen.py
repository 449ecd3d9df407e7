"""PlanGEN's mixture of algorithms (arXiv 2502.16111, section 2) as a LangGraph graph.

constraints -> plan -> select -> propose -> judge -> (select | end); a named strategy skips the planner, and
every round of a search is propose -> verify -> propose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import asdict, replace
from functools import cache
from typing import Literal, TypeAlias

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from branchwise.agents.constraint import constraint
from branchwise.agents.planning.planner import planner
from branchwise.agents.planning.selector import selector
from branchwise.agents.planning.ucb import Arm, Record
from branchwise.graphs import strategies
from branchwise.graphs.search import decisions
from branchwise.graphs.search.calls import PROBE, affordable_samples
from branchwise.graphs.search.conclude import conclude
from branchwise.graphs.search.contracts import too_deep
from branchwise.graphs.search.loop import propose, verify
from branchwise.graphs.search.needs import lacks
from branchwise.graphs.search.probing import opinion, probe
from branchwise.graphs.search.refuted import refuted
from branchwise.graphs.search.sizing import (
    affordable_solutions,
    in_unit,
    large_enough,
    limited,
    sized,
    usable,
)
from branchwise.graphs.search.state import Reason, RunState, SearchContext
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Constraints

CHECKPOINTED = (Constraints, Record, Arm)
"""The types of ours that a checkpoint may hold; the saver builds no others."""


Plangen: TypeAlias = CompiledStateGraph[RunState, SearchContext, RunState, RunState]


def plangen(saver: BaseCheckpointSaver[str] | None = None) -> Plangen:
    """The compiled graph; run it with a SearchContext as its context and `start(problem)` as its input."""
    graph = copy(_compiled())
    graph.checkpointer = saver
    return graph


@cache
def _compiled() -> Plangen:
    # Cached: compiling takes longer than the graph's own work in a short run.
    graph = StateGraph(RunState, context_schema=SearchContext)
    graph.add_node("constraints", constraints)
    graph.add_node("plan", plan)
    graph.add_node("select", select)
    graph.add_node("propose", propose)
    graph.add_node("verify", verify)
    graph.add_node("judge", judge)
    graph.add_edge(START, "constraints")
    graph.add_edge("select", "propose")
    graph.add_edge("verify", "propose")
    return graph.compile()


@cache
def shape() -> str:
    """Fingerprint of the graph's state schema; a checkpoint of another shape cannot be used."""
    types = [f"{kind.__module__}.{kind.__qualname__}" for kind in CHECKPOINTED]
    return hashlib.sha256(repr((sorted(_compiled().channels), types)).encode()).hexdigest()[:16]


def start(problem: str) -> RunState:
    """The state that a run begins with."""
    return {
        "problem": problem,
        "constraints": Constraints(),
        "strategy": "",
        "knobs": {},
        "trial": 0,
        "since": 0,
        "round": 0,
        "samples": 0,
        "most": None,
        "allocation": {},
        "previous": "",
        "stop": "",
        "short": {},
        "record": Record(),
        "arms": (),
        "arm_knobs": {},
        "prior": {},
        "trial_samples": None,
        "answer": "",
        "share": None,
        "confidence": None,
        "calibrated": False,
    }


async def constraints(state: RunState, runtime: Runtime[SearchContext]) -> Command[Literal["plan", "select"]]:
    """Run the constraint agent; without a budget for it there are no constraints but those that a program reads."""
    context = runtime.context
    known = Constraints()
    if context.tracker.budget.calls == 1:  # the only call is for a sample
        known = context.task.read_constraints(state["problem"]) or known
    else:
        ask = constraint(context.sample, context.task, context.prompts)
        with suppress(BudgetSpent):
            known = (await ask({"problem": state["problem"], "path": "t0"}))["constraints"]
    await context.journal.decide("constraints", "constraints", as_fields(known))
    context.tell("constraints", f"{len(known.items)} constraints, read by {known.source}")
    return Command(
        update={"constraints": known if context.options.constraints else replace(known, items=())},
        goto="plan" if context.options.strategy == "auto" else "select",
    )


async def plan(state: RunState, runtime: Runtime[SearchContext]) -> Command[Literal["select", "judge"]]:
    """Sample probes, estimate the difficulty, set the prior and the size of a trial."""
    context = runtime.context
    drawn = await probe(state, context)
    ask = planner(
        usable(context.options.arms, state, context),
        context.policy,
        possible=lambda name: not lacks(name, context.sample.capabilities),
    )
    left = context.tracker.tokens_left()

    async def noted() -> decisions.Planned:
        by_steps = context.checked and context.task.checks_steps
        made = (await ask({"probes": drawn, "by_steps": by_steps, "tokens_left": left}))["plan"]
        chosen = dict.fromkeys(made.arms, 0.5) if context.options.prior == "uniform" else made.prior
        if context.options.prior == "llm":
            chosen = await opinion(state, context, made.arms) or chosen
        worth = (
            context.policy.audit.samples()
            if context.policy.audit is not None and not context.checked
            else None
        )
        return decisions.planned_with(made, prior=chosen, source=context.options.prior, most=worth)

    planned = await context.journal.decide_as("plan", "plan", decisions.PLANNED, noted)
    context.tell("probed", _said(planned), round_=1)
    update: RunState = {
        "round": 1,
        "arms": tuple(planned["arms"]),
        "arm_knobs": planned["knobs"],
        "prior": planned["prior"],
        "trial_samples": planned["samples"],
        "most": planned.get("most") or None,
        "record": Record(past=await _memory(context)),
        "stop": _accepted(context, 2),
    }
    return Command(update=update, goto="judge" if update["stop"] else "select")


def _said(planned: decisions.Planned) -> str:
    d = planned["difficulty"]
    sure = f"pass@1 about {d['pass_at_1']:.2f} [{d['low']:.2f}, {d['high']:.2f}], basis: {d['basis']}"
    return f"{sure}; strategies by {planned['basis'] if planned['basis'] != 'none' else 'a uniform prior'}"


async def _memory(context: SearchContext) -> Mapping[str, Arm]:
    """Rewards of strategies in earlier runs; read once and recorded, so that a resumed run uses the same."""
    if not context.options.memory:
        return {}
    found = await context.journal.decide_as("memory", "memory", decisions.REWARDS, context.journal.rewards)
    return {name: Arm(pulls=pulls, reward=reward) for name, (pulls, reward) in found.items()}


async def select(state: RunState, runtime: Runtime[SearchContext]) -> RunState:
    """Run the selection agent and size the trial."""
    context, trial = runtime.context, state["trial"] + 1
    samples, revises = state["trial_samples"], trial > 1
    if context.options.strategy == "auto":
        choose = selector(state["arms"], mode=context.options.mode, weights=context.weights)
        selection = (await choose({"record": state["record"], "prior": state["prior"]}))["selection"]
        name = selection.strategy
        fitted = state["arm_knobs"].get(name)
        given = {k: v for k, v in context.options.knobs.items() if k in strategies.knobs(name)}

        async def noted() -> decisions.Selected:
            terms = {strategy: {**asdict(t), "total": t.total} for strategy, t in selection.terms.items()}
            # The first trial sees the probes, and its strategy counts them among its own.
            drawn = sum(n.strategy == PROBE for n in context.journal.tree_before(2)) if trial == 1 else 0
            fit = sized(name, samples, drawn, state, context) if fitted is None else fitted
            return {
                "strategy": name,
                "mode": selection.mode,
                "terms": terms,
                "knobs": {**fit, **given},
                "samples": in_unit(name, samples, state, context) if fitted is None else None,
                "affordable": affordable_solutions(state, context),
                # Every other trial draws afresh: a model that copies what it is shown would find nothing new.
                "revises": trial % 2 == 0,
            }

        # Recorded: after a resume the remaining budget differs and must not change the size of a trial.
        chosen = await context.journal.decide_as(f"t{trial}/select", "select", decisions.SELECTED, noted)
        name = chosen["strategy"]
        knobs = dict(chosen["knobs"])
        samples = chosen.get("samples", samples)
        revises = chosen.get("revises", revises)
    else:
        name, knobs = context.options.strategy, dict(context.options.knobs)
    best = context.journal.tree_before(state["round"] + 1).best
    context.tell("selected", f"trial {trial}: {name}", round_=state["round"])
    return {
        "strategy": name,
        "knobs": knobs,
        "trial": trial,
        "since": 0 if trial == 1 else state["round"] + 1,
        "samples": samples,
        "previous": best.id if best and revises and context.options.feedback else "",
    }


async def judge(state: RunState, runtime: Runtime[SearchContext]) -> Command[Literal["select", "__end__"]]:
    """Close the trial: record its reward for the selector, and end or continue the run."""
    context = runtime.context
    tree = context.journal.tree_before(state["round"] + 1)
    mine = [n for n in tree if n.round >= state["since"] and n.strategy == state["strategy"]]
    before = [n.score or 0.0 for n in tree.complete if n.round < state["since"]]

    async def noted() -> decisions.Closed:
        reward = max((n.score or 0.0 for n in mine if n.complete and n.failed is None), default=0.0)
        drew = any(n.tokens for n in mine)
        stop = _accepted(context, state["round"] + 1) or state["stop"] or _stop(state, context, drew=drew)
        return {
            "strategy": state["strategy"],
            "round": state["round"],
            "reward": reward,
            "best_before": max(before, default=0.0),
            "stop": stop,
            "trial": state["trial"],
            "drew": drew,
            "counts": drew and large_enough(state, context),
            "solved": any(n.accepted for n in mine),
            "tokens": sum(n.tokens for n in mine),
        }

    # Recorded: after a resume the remaining budget differs and must not change the decision.
    closed = await context.journal.decide_as(f"t{state['trial']}/judge", "judge", decisions.CLOSED, noted)
    update: RunState = {"stop": closed["stop"]}
    # A trial without a sample, or that ended at once, is no evidence about its strategy.
    if state["trial"] and closed.get("counts", True):
        enough = (context.options.threshold + 100) / 200
        update["record"] = state["record"].after(
            state["strategy"], closed["reward"], closed["best_before"], enough=enough
        )
    if not update["stop"]:
        return Command(update=update, goto="select")
    return Command(update={**update, **await conclude({**state, **update}, context)}, goto="__end__")


def _stop(state: RunState, context: SearchContext, *, drew: bool) -> Reason | Literal[""]:
    """The stop reason after a trial without an accepted answer; None to continue.

    Where a program checks and a budget sets the limit, "auto" continues until an answer is accepted or the
    budget is spent.
    """
    if affordable_samples(state, context) == 0:
        return "budget"
    tree, most = context.journal.tree_before(state["round"] + 1), state["most"]
    if most is not None and len(tree.complete) >= most:
        return "enough"
    known = refuted(context, state["constraints"], state["round"] + 1)
    if known is not None and known.everything:
        return "exhausted"
    over: Reason = "too deep" if too_deep(tree) else "exhausted"
    if context.options.strategy != "auto" and not context.options.restarts:
        return over
    if context.options.strategy == "auto" and context.checked and limited(context):
        return "" if drew or not state["trial"] else over
    return over if state["trial"] >= context.options.trials else ""


def _accepted(context: SearchContext, round_: int) -> Reason | Literal[""]:
    best = context.journal.tree_before(round_).best
    won = best is not None and best.accepted and not context.options.exhaustive
    return "accepted" if won else ""
