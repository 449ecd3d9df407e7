"""The generator agent: propose next steps or whole solutions (PlanGEN, arXiv 2502.16111, appendix C)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import NotRequired, TypedDict

from branchwise.agents.asking import messages, question
from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.protocol import Agent, ProblemState
from branchwise.models.protocol import OutputFormat, Sample, Sampler, SampleRequest
from branchwise.models.turn import Turn
from branchwise.store.errors import Unsupported
from branchwise.store.records import Constraints, Grain
from branchwise.tasks.task import Task


class GeneratorState(ProblemState):
    """State that the generator reads: the text to continue and the number of samples."""

    constraints: Constraints
    text: str
    """The solution so far; samples continue it."""
    n: int
    grain: Grain
    previous: str
    """A whole solution to improve on, or the empty string."""
    feedback: str
    """The verifier's feedback on `previous`."""
    instruction: NotRequired[str]
    """Added to the prompt."""
    prefix: NotRequired[str]
    """Prefilled start of the samples, as if the model had written it; needs an engine that continues a reply."""
    max_tokens: NotRequired[int | None]
    """Overrides the task's limit; a constrained output is never cut short."""
    temperature: NotRequired[float | None]
    """Overrides the run's temperature."""
    choices: NotRequired[tuple[str, ...] | None]
    """Overrides the task's choices after a program refuted some of them."""
    excluded: NotRequired[tuple[str, ...]]
    """Refuted texts that the regular expression excludes, if the engine supports it."""


class GeneratorUpdate(TypedDict):
    """State update of the generator."""

    samples: tuple[Sample, ...]
    """Samples; their texts begin with the state's prefix."""


def generator(
    sample: Sampler,
    task: Task,
    prompts: Prompts | None = None,
    *,
    temperature: float = 0.7,
    top_p: float = 1.0,
    seed: int = 0,
) -> Agent[GeneratorState, GeneratorUpdate]:
    """Make the generator, a LangGraph node.

    Args:
        sample: The model's Sampler.
        task: The domain, with its instructions and the form of its samples.
        prompts: Where the prompts "revise" and "step" are looked up.
        temperature: Sampling temperature; PlanGEN uses 0.7.
        top_p: Nucleus of the sampling, in (0, 1].
        seed: The run's seed; each call derives its own from it and its path.
    """
    prompts = prompts or Prompts()
    revise = prompts.load("revise", task.name)
    step = prompts.load("step", task.name)

    async def generator_node(state: GeneratorState) -> GeneratorUpdate:
        asked = question(task, state["problem"], state["constraints"])
        if state["previous"]:
            asked = fill(revise, request=asked, previous=state["previous"], feedback=state["feedback"])
        continues = sample.capabilities.prefix
        if state["text"] and not continues:
            asked = fill(step, request=asked, text=state["text"])
        if instruction := state.get("instruction"):
            asked = f"{asked}\n\n{instruction}"
        begun, warmth = state.get("prefix", ""), state.get("temperature")
        if begun and not continues:
            raise Unsupported(
                "This engine cannot continue a reply that was begun; the embedded one and vLLM can."
            )
        key = f"{state['path']}/propose"
        turn = task.turn or Turn()
        request = SampleRequest(
            messages=messages(task, asked),
            prefix=state["text"] + begun if continues else "",
            n=state["n"],
            temperature=temperature if warmth is None else warmth,
            top_p=min(top_p, turn.top_p),
            output_format=_output_format(task, state, excludes=sample.capabilities.excludes),
            seed=derived_seed(seed, key),
            logprobs=sample.capabilities.logprobs,
            token_logprobs=turn.logprobs if sample.capabilities.logprobs else None,
            tools=turn.tools,
            tool_choice=turn.tool_choice,
        )
        reply = await sample(key, request)
        if not begun:
            return {"samples": reply.samples}
        return {"samples": tuple(replace(one, text=begun + one.text) for one in reply.samples)}

    return generator_node


def _output_format(task: Task, state: GeneratorState, *, excludes: bool) -> OutputFormat:
    form = task.output_format(state["constraints"], state["text"] + state.get("prefix", ""), state["grain"])
    most, left = state.get("max_tokens"), state.get("choices")
    if left is not None:
        return replace(form, choices=left)
    if form.regex is not None and excludes and (excluded := state.get("excluded")):
        return replace(form, excluded=excluded)
    return form if most is None or form.constrained else replace(form, max_tokens=most)


def derived_seed(seed: int, key: str) -> int:
    """A seed in [0, 2**31) for the call `key`, the same in every process."""
    digest = hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1
