"""The yes/no verifier: a model's probability of the token "Yes" (GenRM, arXiv 2408.15240, section 3.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.verifiers.conversation import conversation, opinion
from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.models.protocol import Message, OutputFormat, Sampler, SampleRequest
from branchwise.tasks.task import Task

_YES, _NO = "Yes", "No"


def yes_no(sample: Sampler, task: Task, prompts: Prompts | None = None, *, threshold: int = 95) -> Verifier:
    """Make the yes/no verifier: its reward is the probability of "Yes" against "No" as the model's next token.

    The question comes after the plan, in the conversation that the plan was written in: an engine with a
    prefix cache recomputes only the question.

    Args:
        sample: The model's Sampler; it must constrain decoding to choices and return log-probabilities.
        task: The domain, whose instructions open the conversation.
        prompts: Where the prompt "verifiers/yes_no" is looked up.
        threshold: The lowest accepted score, from -100 to 100.
    """
    template = (prompts or Prompts()).load("verifiers/yes_no", task.name)

    async def yes_no_node(state: VerifierState) -> VerifierUpdate:
        what = "solution" if state["complete"] else "beginning of a solution"
        question = Message(role="user", content=fill(template, what=what))
        request = SampleRequest(
            messages=(*conversation(task, state), question),
            temperature=0.0,
            output_format=OutputFormat(choices=(_YES, _NO), max_tokens=1),
            logprobs=True,
        )
        reply = await sample(f"{state['path']}/verify", request)
        return {"verdict": opinion("yes_no", _reward(reply.samples[0].choices or {}), state, threshold)}

    return yes_no_node


def _reward(heard: Mapping[str, float]) -> float | None:
    """None if neither word is among the likeliest tokens; a missing one is less likely than all that are returned."""
    if not heard:
        return None
    yes, no = (math.exp(heard[word]) if word in heard else 0.0 for word in (_YES, _NO))
    return yes / (yes + no) if yes + no else None
