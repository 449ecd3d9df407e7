"""Prompt router: choose one of several prompts for each problem, after IDP (arXiv 2310.00867)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field

from branchwise.agents.generator import derived_seed
from branchwise.agents.likelihood import likelihood
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._prompting import required, text
from branchwise.graphs.workflows._similar import nearest
from branchwise.store.errors import BadInput

_NEIGHBOURS = 10
_BLANK = "{problem}"


class LabelledProblem(BaseModel):
    """A problem of which it is known which prompts solved it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem: str
    solved: dict[str, bool]
    """By prompt; one that was not tried is left out."""
    cluster: str = ""
    """The kind of problem, for the rule `bandit`."""


class RouterInput(TypedDict, total=False):
    """What a run is given."""

    problem: str
    prompts: dict[str, str]
    """Templates by name, each with `{problem}` once; the first is the default."""
    rule: Literal["neighbours", "likelihood", "bandit"]
    labelled: list[LabelledProblem]
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class RouterState(RouterInput, total=False):
    """What the nodes read and write."""

    chosen: str
    scores: dict[str, float]
    """By prompt, what the rule compared."""
    answer: str


def check(given: Mapping[str, Any]) -> None:
    """Refuse templates without the problem, and labels of other prompts."""
    required(given, "problem", "prompts")
    prompts = given["prompts"]
    for name, template in prompts.items():
        if template.count(_BLANK) != 1:
            raise BadInput(
                f"The prompt `{name}` has the blank `{_BLANK}` {template.count(_BLANK)} times, not once."
            )
    labelled = given.get("labelled", [])
    for one in labelled:
        if unknown := set(one.solved) - set(prompts):
            raise BadInput(
                f"A labelled problem names the prompt `{min(unknown)}`, which is none of the prompts."
            )
    if not labelled and given.get("rule", "neighbours") != "likelihood":
        raise BadInput("The rules `neighbours` and `bandit` need labelled problems; `likelihood` needs none.")


INFO = WorkflowInfo(paper="after IDP, arXiv 2310.00867; the rules are ours", check=check)


def shares(names: Sequence[str], labelled: Sequence[LabelledProblem]) -> dict[str, float]:
    """The share of problems that each prompt solved, of those that it was tried on; 0 where it was tried on none."""
    found = {}
    for name in names:
        tried = [one.solved[name] for one in labelled if name in one.solved]
        found[name] = sum(tried) / len(tried) if tried else 0.0
    return found


def by_neighbours(
    problem: str, names: Sequence[str], labelled: Sequence[LabelledProblem]
) -> tuple[str, dict[str, float]]:
    """The prompt that solved most of the ten nearest problems; of equal ones the better over all, then the first."""
    near = [labelled[i] for i in nearest(problem, [one.problem for one in labelled], _NEIGHBOURS)]
    close, overall = shares(names, near), shares(names, labelled)
    return max(names, key=lambda name: (close[name], overall[name])), close


def by_bandit(
    problem: str, names: Sequence[str], labelled: Sequence[LabelledProblem], seed: int
) -> tuple[str, dict[str, float]]:
    """Thompson sampling: a draw from Beta(1 + solved, 1 + failed) of each prompt, in the nearest problem's cluster."""
    [closest] = nearest(problem, [one.problem for one in labelled], 1)
    same = [one for one in labelled if one.cluster == labelled[closest].cluster]
    rng, drawn = Random(seed), {}  # noqa: S311 - statistics, not secrets
    for name in names:
        tried = [one.solved[name] for one in same if name in one.solved]
        drawn[name] = rng.betavariate(1 + sum(tried), 1 + len(tried) - sum(tried))
    return max(names, key=lambda name: drawn[name]), drawn


async def route(state: RouterState, runtime: Runtime[Run]) -> RouterState:
    """Choose the prompt; without probabilities of texts the rule `likelihood` keeps the default."""
    run, names = runtime.context, list(state["prompts"])
    problem, labelled = state["problem"], state.get("labelled", [])
    rule = state.get("rule", "neighbours")
    if rule == "neighbours":
        chosen, scores = by_neighbours(problem, names, labelled)
    elif rule == "bandit":
        chosen, scores = by_bandit(problem, names, labelled, derived_seed(run.seed, "route"))
    else:
        chosen, scores = names[0], {}
        if run.capabilities.scores:
            # All score the same text, so that the largest sum is the largest mean.
            sampler = run.sampler()
            asked = [state["prompts"][name].replace(_BLANK, "").strip() for name in names]
            logs = await asyncio.gather(
                *(
                    likelihood(sampler, f"{i}", prompt or "Problem:", problem)
                    for i, prompt in enumerate(asked)
                )
            )
            scores = {name: log for name, log in zip(names, logs, strict=True) if log is not None}
            chosen = max(scores, key=lambda name: scores[name], default=chosen)
    return {"chosen": chosen, "scores": scores}


async def answer(state: RouterState, runtime: Runtime[Run]) -> RouterState:
    """Answer with the chosen prompt."""
    asked = state["prompts"][state["chosen"]].replace(_BLANK, state["problem"])
    how = {"temperature": state.get("temperature", 0.7), "max_tokens": state.get("max_tokens", 512)}
    return {"answer": text(await runtime.context.sample("answer", asked, **how))}  # type: ignore[arg-type]


def prompt_router() -> StateGraph[RouterState, Run, RouterInput, RouterState]:
    """Prompt router: choose one of several prompts for each problem."""
    graph = StateGraph(RouterState, context_schema=Run, input_schema=RouterInput)
    graph.add_node(route)
    graph.add_node(answer)
    graph.add_edge(START, "route")
    graph.add_edge("route", "answer")
    return graph
