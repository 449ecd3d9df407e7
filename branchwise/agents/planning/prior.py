"""The prior agent: the model's own rating of the strategies (PlanGEN, arXiv 2502.16111, section 2.1.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.protocol import Agent, ProblemState
from branchwise.models.protocol import Message, OutputFormat, Sampler, SampleRequest
from branchwise.tasks.task import Task

_PAIR = re.compile(r"""\(\s*["']([^"'()\n]{1,60})["']\s*,\s*(\d+(?:\.\d+)?|\.\d+)\s*\)""")


class PriorState(ProblemState):
    """State that the prior agent reads."""

    previous: str
    feedback: str


class PriorUpdate(TypedDict):
    """State update of the prior agent."""

    prior: Mapping[str, float]
    """Suitability in [0, 1] by strategy; empty when the reply could not be read."""


def prior(
    sample: Sampler, task: Task, strategies: Mapping[str, str], prompts: Prompts | None = None
) -> Agent[PriorState, PriorUpdate]:
    """Make the prior agent, a LangGraph node that costs one call.

    Args:
        sample: The model's Sampler.
        task: The domain, for prompt overrides.
        strategies: Names of the strategies with one line about each.
        prompts: Where the prompt "prior" is looked up.
    """
    template = (prompts or Prompts()).load("prior", task.name)
    form = "[" + ", ".join(f'("{name}", 0.5)' for name in strategies) + "]"

    async def prior_node(state: PriorState) -> PriorUpdate:
        asked = fill(
            template,
            strategies="\n".join(f"- {name}: {line}" for name, line in strategies.items()),
            problem=state["problem"],
            feedback=state["feedback"] or "None provided",
            previous=state["previous"] or "None provided",
            form=form,
        )
        request = SampleRequest(
            messages=(Message(role="user", content=asked),),
            temperature=0.0,
            output_format=OutputFormat(max_tokens=400),
        )
        reply = await sample(f"{state['path']}/prior", request)
        return {"prior": read_prior(reply.samples[0].text, strategies)}

    return prior_node


def read_prior(text: str, strategies: Mapping[str, str]) -> dict[str, float]:
    """Parse `("name", number)` pairs; later pairs win, unknown names and numbers outside [0, 1] are dropped.

    A strategy without a readable number gets 0.5; a reply without any pair gives the empty mapping.
    """
    plain = {_plain(name): name for name in strategies}
    found = {
        plain[_plain(name)]: float(number)
        for name, number in _PAIR.findall(text)
        if _plain(name) in plain and float(number) <= 1
    }
    return {name: found.get(name, 0.5) for name in strategies} if found else {}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
