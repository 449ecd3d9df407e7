"""PlanGEN's mixture of algorithms (arXiv 2502.16111, section 2) as a LangGraph graph.

constraints -> plan -> select -> search -> judge -> (select | end)
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict
from functools import cache
from typing import Literal, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from branchwise.agents.constraint import constraint
from branchwise.agents.planner import planner
from branchwise.agents.prior import prior
from branchwise.agents.selector import selector
from branchwise.agents.ucb import Record
from branchwise.graphs import strategies
from branchwise.graphs.search import grow, judge_round, search
from branchwise.graphs.state import Desk, Reason, RunState
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import ROOT, Constraints, Json

_UNLIMITED = 1_000_000
"""Samples of a trial whose size only the strategy's knobs and the run's budget bound."""


def plangen(
    saver: BaseCheckpointSaver[str] | None = None,
) -> CompiledStateGraph[RunState, Desk, RunState, RunState]:
    """Give the graph; run it with a Desk as its context and `start(problem)` as its input."""
    graph = copy(_compiled())
    graph.checkpointer = saver
    return graph


@cache
def _compiled() -> CompiledStateGraph[RunState, Desk, RunState, RunState]:
    # Compiling takes longer than all that the graph itself does in a short run.
    graph = StateGraph(RunState, context_schema=Desk)
    graph.add_node("constraints", constraints)
    graph.add_node("plan", plan)
    graph.add_node("select", select)
    graph.add_node("search", search())
    graph.add_node("judge", judge)
    graph.add_edge(START, "constraints")
    graph.add_edge("constraints", "plan")
    graph.add_conditional_edges("plan", _next, ["select", END])
    graph.add_edge("select", "search")
    graph.add_edge("search", "judge")
    graph.add_conditional_edges("judge", _next, ["select", END])
    return graph.compile()


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
        "allocation": {},
        "previous": "",
        "stop": "",
        "record": Record(),
        "prior": {},
        "trial_samples": _UNLIMITED,
    }


async def constraints(state: RunState, runtime: Runtime[Desk]) -> RunState:
    """Run the constraint agent."""
    desk = runtime.context
    try:
        known = (
            await constraint(desk.sample, desk.task, desk.prompts)(
                {"problem": state["problem"], "path": "t0"}
            )
        )["constraints"]
    except BudgetSpent:
        return {"stop": "budget"}

    async def noted() -> Json:
        return cast("Json", asdict(known))

    await desk.notebook.once("constraints", "constraints", noted)
    desk.tell("constraints", f"{len(known.items)} constraints, read by {known.source}")
    return {"constraints": known}


async def plan(state: RunState, runtime: Runtime[Desk]) -> RunState:
    """Sample probes, estimate the difficulty, set the prior and the size of a trial. A fixed strategy needs none."""
    desk = runtime.context
    if state["stop"] or desk.options.strategy != "auto":
        return {}
    asked: RunState = {**state, "round": 1, "allocation": {ROOT: desk.options.probes}}
    stop = (await grow(asked, desk, arm="probe", grain="solution")).get("stop", "")
    stop = (await judge_round(asked, desk)).get("stop", "") or stop
    probes = [node for node in desk.notebook.before(2) if node.arm == "probe"]
    plan_ = (await planner(desk.options.arms)({"probes": probes}))["plan"]
    chosen = dict.fromkeys(desk.options.arms, 0.5) if desk.options.prior == "uniform" else plan_.prior
    if desk.options.prior == "llm" and not stop:
        chosen = await _opinion(state, desk) or chosen

    async def noted() -> Json:
        return cast("Json", {**asdict(plan_), "prior": dict(chosen), "source": desk.options.prior})

    await desk.notebook.once("plan", "plan", noted)
    d = plan_.difficulty
    said = f"pass@1 about {d.pass_at_1:.2f} [{d.low:.2f}, {d.high:.2f}], basis: {d.basis}"
    desk.tell("probed", said, round_=1)
    return {
        "round": 1,
        "prior": chosen,
        "trial_samples": plan_.samples,
        "stop": _accepted(desk, 2) or stop,
    }


async def _opinion(state: RunState, desk: Desk) -> Mapping[str, float]:
    about = {name: strategies.about(name).paper for name in desk.options.arms}
    ask = prior(desk.sample, desk.task, about, desk.prompts)
    try:
        return (await ask({"problem": state["problem"], "path": "t0", "previous": "", "feedback": ""}))[
            "prior"
        ]
    except BudgetSpent:
        return {}


async def select(state: RunState, runtime: Runtime[Desk]) -> RunState:
    """Run the selection agent and size the trial."""
    desk, trial = runtime.context, state["trial"] + 1
    if desk.options.strategy == "auto":
        choose = selector(desk.options.arms, mode=desk.options.mode, weights=desk.weights)
        selection = (await choose({"record": state["record"], "prior": state["prior"]}))["selection"]
        name = selection.strategy
        knobs = {**_sized(name, state["trial_samples"], desk.options.probes), **desk.options.knobs}

        async def noted() -> Json:
            terms = {arm: {**asdict(t), "total": t.total} for arm, t in selection.terms.items()}
            return {"strategy": name, "mode": selection.mode, "terms": terms, "knobs": cast("Json", knobs)}

        await desk.notebook.once(f"t{trial}/select", "select", noted)
    else:
        name, knobs = desk.options.strategy, dict(desk.options.knobs)
    best = desk.notebook.before(state["round"] + 1).best
    desk.tell("selected", f"trial {trial}: {name}", round_=state["round"])
    return {
        "strategy": name,
        "knobs": knobs,
        "trial": trial,
        "since": 0 if trial == 1 else state["round"] + 1,
        "samples": state["trial_samples"],
        "previous": best.id if best and trial > 1 and desk.options.feedback else "",
    }


def _sized(name: str, samples: int, probes: int) -> dict[str, int | float | str | bool]:
    """The knobs by which a trial of `samples` samples fits the strategies that "auto" chooses among."""
    if name == "best_of_n":
        return {"n": samples + probes}
    if name == "rebase":
        return {"width": max(4, samples // 2)}
    return {}


async def judge(state: RunState, runtime: Runtime[Desk]) -> RunState:
    """Close the trial: keep its reward for the selector and say whether the run goes on."""
    desk, seen = runtime.context, state["round"] + 1
    tree = desk.notebook.before(seen)
    mine = [n.score or 0.0 for n in tree.complete if n.round >= state["since"] and n.arm == state["strategy"]]
    before = [n.score or 0.0 for n in tree.complete if n.round < state["since"]]
    record = state["record"].after(
        state["strategy"],
        max(mine, default=0.0),
        max(before, default=0.0),
        enough=(desk.options.threshold + 100) / 200,
    )
    fixed = desk.options.strategy != "auto"
    stop = _accepted(desk, seen) or state["stop"]
    if not stop and desk.purse.samples_left() < 1:
        stop = "budget"
    if not stop and (fixed or state["trial"] >= desk.options.trials):
        stop = "exhausted"
    return {"record": record, "stop": stop}


def _accepted(desk: Desk, round_: int) -> Reason | Literal[""]:
    best = desk.notebook.before(round_).best
    return "accepted" if best is not None and best.accepted else ""


def _next(state: RunState) -> str:
    return END if state["stop"] else "select"
