"""The proposer: several different next steps in one call (Tree of Thoughts, arXiv 2305.10601, section 3)."""

from __future__ import annotations

import re

from branchwise.agents.asking import messages, question
from branchwise.agents.generator import GeneratorState, GeneratorUpdate, derived_seed
from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.protocol import Agent
from branchwise.models.protocol import OutputFormat, Sample, Sampler, SampleRequest
from branchwise.tasks.task import Task

_NUMBER = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
_TOKENS_A_STEP = 64


def proposer(
    sample: Sampler,
    task: Task,
    prompts: Prompts | None = None,
    *,
    temperature: float = 0.7,
    top_p: float = 1.0,
    seed: int = 0,
) -> Agent[GeneratorState, GeneratorUpdate]:
    """Make the proposer, a LangGraph node with the generator's state and update.

    One reply lists the steps, one a line, so they do not repeat each other as independent samples of a narrow
    space do. It returns at most `n` of them, fewer if the model lists fewer; a repeated line counts once. The
    reply's tokens are divided among the steps by length; steps have no log-probabilities. Decoding is not
    constrained, since tasks define no format of a list.

    Args:
        sample: The model's Sampler.
        task: The domain, with its instructions.
        prompts: Where the prompt "propose" is looked up.
        temperature: Sampling temperature.
        top_p: Nucleus of the sampling, in (0, 1].
        seed: The run's seed.
    """
    template = (prompts or Prompts()).load("propose", task.name)

    async def proposer_node(state: GeneratorState) -> GeneratorUpdate:
        asked = question(task, state["problem"], state["constraints"])
        asked = fill(template, request=asked, text=state["text"] or "(nothing yet)", n=str(state["n"]))
        key = f"{state['path']}/propose"
        reply = await sample(
            key,
            SampleRequest(
                messages=messages(task, asked),
                temperature=temperature,
                top_p=top_p,
                output_format=OutputFormat(max_tokens=_TOKENS_A_STEP * state["n"]),
                seed=derived_seed(seed, key),
            ),
        )
        # The end mark belongs to the step, unless the loop adds it, as for a sample that a stop text ended.
        stops = task.output_format(state["constraints"], state["text"], "step").stop
        return {"samples": _steps(reply.samples[0], state["n"], "" if stops else "\n")}

    return proposer_node


def _steps(reply: Sample, most: int, end: str) -> tuple[Sample, ...]:
    lines = (_NUMBER.sub("", line).strip() for line in reply.text.splitlines())
    steps = list(dict.fromkeys(line for line in lines if line))[:most]
    if not steps:
        return (Sample(text="", tokens=reply.tokens, finish="error", error="the reply proposes no step"),)
    length = sum(map(len, steps))
    shares = [reply.tokens * len(step) // length for step in steps]
    shares[-1] += reply.tokens - sum(shares)
    return tuple(Sample(text=f"{step}{end}", tokens=share) for step, share in zip(steps, shares, strict=True))
