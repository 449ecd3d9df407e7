"""The react agent: thought, tool call, observation (ReAct, arXiv 2210.03629); one step, or a whole trajectory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from branchwise.agents.asking import messages, question
from branchwise.agents.generator import GeneratorState, GeneratorUpdate, derived_seed
from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.protocol import Agent
from branchwise.agents.react_form import step_form
from branchwise.models.protocol import Message, OutputFormat, Sample, Sampler, SampleRequest
from branchwise.store.errors import Unsupported
from branchwise.tasks.task import Task
from branchwise.tools import transcript
from branchwise.tools.direct import failure
from branchwise.tools.protocol import AgentTool, Stateful, ToolCaller, ToolResult

MOST_STEPS = 12
"""Maximum steps of a whole trajectory."""
_MOST_OBSERVED = 4_000
"""Maximum characters of one observation."""
_LONGEST_STEP = 512
_FORGED = re.compile(r"^[ \t]*Observation:", re.MULTILINE)


def react(
    sample: Sampler,
    task: Task,
    prompts: Prompts | None = None,
    *,
    call: ToolCaller,
    temperature: float = 0.7,
    top_p: float = 1.0,
    seed: int = 0,
) -> Agent[GeneratorState, GeneratorUpdate]:
    """Make the react agent, a LangGraph node with the generator's state and update.

    A sample of grain "step" is a thought with a call and its observation, or with the answer; one of grain "solution"
    is a whole trajectory. A call of a tool that acts is not made: it ends the trajectory, as a proposal.

    Args:
        sample: The model's Sampler.
        task: A task with tools, as `with_tools` makes it.
        prompts: Where the prompts "react" and "revise" are looked up.
        call: The run's tool caller.
        temperature: Sampling temperature.
        top_p: Nucleus of the sampling, in (0, 1].
        seed: The run's seed; each call derives its own from it and its path.
    """
    prompts = prompts or Prompts()
    steps = _Steps(
        sample=sample,
        task=task,
        call=call,
        template=prompts.load("react", task.name),
        revise=prompts.load("revise", task.name),
        temperature=temperature,
        top_p=top_p,
        seed=seed,
    )

    async def react_node(state: GeneratorState) -> GeneratorUpdate:
        first = await steps.draw(state, f"{state['path']}/propose", state["text"], state["n"])
        if state["grain"] == "step":
            return {"samples": tuple(first)}
        whole = await asyncio.gather(*(steps.roll(state, one, i) for i, one in enumerate(first)))
        return {"samples": tuple(whole)}

    return react_node


@dataclass(frozen=True, kw_only=True, slots=True)
class _Steps:
    """Draws steps, and whole trajectories of steps."""

    sample: Sampler
    task: Task
    call: ToolCaller
    template: str
    revise: str
    temperature: float
    top_p: float
    seed: int

    async def draw(self, state: GeneratorState, key: str, text: str, n: int) -> list[Sample]:
        """`n` next steps after `text`, with their observations."""
        begun = state.get("prefix", "") if text == state["text"] else ""
        if begun and not self.sample.capabilities.prefix:
            raise Unsupported(
                "This engine cannot continue a reply that was begun; the embedded one and vLLM can."
            )
        warmth = state.get("temperature")
        held = self.sample.capabilities.regex and not begun
        request = SampleRequest(
            messages=self._messages(state, text),
            prefix=begun,
            n=n,
            temperature=self.temperature if warmth is None else warmth,
            top_p=self.top_p,
            output_format=OutputFormat(
                max_tokens=state.get("max_tokens") or _LONGEST_STEP,
                stop=(f"\n{transcript.OBSERVATION}",),
                regex=step_form(self.task.tools) if held else None,
            ),
            seed=derived_seed(self.seed, key),
            logprobs=self.sample.capabilities.logprobs,
        )
        reply = await self.sample(key, request)
        drawn = [replace(one, text=begun + one.text) for one in reply.samples]
        return list(await asyncio.gather(*(_observed(one, text, self.task, self.call, key) for one in drawn)))

    async def roll(self, state: GeneratorState, first: Sample, number: int) -> Sample:
        """The whole trajectory that begins with a step."""
        whole = first
        for step in range(1, MOST_STEPS):
            if whole.error is not None or whole.finish == "budget" or not self._continues(whole.text):
                return whole
            key = f"{state['path']}/propose/{number}.{step}"
            [more] = await self.draw(state, key, state["text"] + whole.text, 1)
            whole = _joined(whole, more)
        return replace(whole, finish="length") if self._continues(whole.text) else whole

    def _messages(self, state: GeneratorState, text: str) -> tuple[Message, ...]:
        asked = question(self.task, state["problem"], state["constraints"])
        if state["previous"]:
            previous = transcript.own(state["previous"])
            asked = fill(self.revise, request=asked, previous=previous, feedback=state["feedback"])
        asked = fill(self.template, request=asked, tools=transcript.described(self.task.tools))
        if instruction := state.get("instruction"):
            asked = f"{asked}\n\n{instruction}"
        return (*messages(self.task, asked), *transcript.messages(text))

    def _continues(self, text: str) -> bool:
        """Whether the last step has an observation, so that another follows."""
        return text.rstrip().rpartition("\n")[2].startswith("|") and not self.task.is_complete(text)


async def _observed(one: Sample, before: str, task: Task, call: ToolCaller, key: str) -> Sample:
    """The sample up to its first call, with the call's observation."""
    tools = {tool.spec.name: tool for tool in task.tools}
    forged = _FORGED.search(one.text)
    text = one.text[: forged.start()] if forged else one.text
    asked = transcript.action(text)
    if one.error is not None or one.finish == "budget" or not text.strip():
        return one
    if asked is None:
        return replace(one, text=f"{text.rstrip()}\n")
    text = text[: asked.end].rstrip()
    tool = tools.get(asked.name)
    if tool is not None and asked.arguments is not None and not tool.hints.read_only:
        return replace(one, text=f"{text}\n", finish="stop")
    result = await _result(asked, before, tool, list(tools), call, key)
    return replace(one, text=f"{text}\n{transcript.observed(result, _MOST_OBSERVED)}", finish="stop")


async def _result(
    asked: transcript.ToolRequest,
    before: str,
    tool: AgentTool | None,
    names: Sequence[str],
    call: ToolCaller,
    key: str,
) -> ToolResult:
    if tool is None:
        return failure(f"there is no tool `{asked.name}`; there are {', '.join(names)}")
    if asked.arguments is None:
        return failure(f"the arguments are no JSON object; write `Action: {asked.name} {{...}}` in one line")
    arguments = asked.arguments
    if isinstance(tool, Stateful):
        arguments = tool.carried(transcript.calls(before, asked.name), arguments)
    return await call(f"{key}/tool", tool, arguments)


def _joined(one: Sample, more: Sample) -> Sample:
    known = one.logprob is not None and more.logprob is not None
    return replace(
        more,
        text=one.text + more.text,
        tokens=one.tokens + more.tokens,
        logprob=(one.logprob or 0.0) + (more.logprob or 0.0) if known else None,
        choices=None,
    )
