"""A model's yes or no, by the probability of one token (GenRM, arXiv 2408.15240, section 3.1)."""

from __future__ import annotations

import math

from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.protocols import Message, Request, Sampler, Shape, Task
from branchwise.agents.verifiers.conversation import conversation, opinion
from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate

_YES = "Yes"


def yes_no(sample: Sampler, task: Task, prompts: Prompts | None = None, *, threshold: int = 95) -> Verifier:
    """Make the yes/no verifier: its reward is the probability that the model's next word is "Yes".

    The question comes after the plan, in the conversation that the plan was written in: an engine with a prefix
    cache has read all but the question already.

    Args:
        sample: How to call the model; it must hold decoding to choices and tell log-probabilities.
        task: The domain, whose instructions open the conversation.
        prompts: Where the prompt "verifiers/yes_no" is looked up.
        threshold: Scores (-100 to 100) from here on are accepted.
    """
    template = (prompts or Prompts()).load("verifiers/yes_no", task.name)

    async def yes_no_node(state: VerifierState) -> VerifierUpdate:
        what = "solution" if state["complete"] else "beginning of a solution"
        question = Message(role="user", content=fill(template, what=what))
        request = Request(
            messages=(*conversation(task, state), question),
            temperature=0.0,
            shape=Shape(choices=(_YES,), max_tokens=8),
            logprobs=True,
        )
        reply = await sample(f"{state['path']}/verify", request)
        heard = reply.samples[0].logprob
        reward = None if heard is None else min(1.0, math.exp(heard))
        return {"verdict": opinion("yes_no", reward, state, threshold)}

    return yes_no_node
