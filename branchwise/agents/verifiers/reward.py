"""The reward verifier: a reward model's score, from its own server (`models/scorer.py`)."""

from __future__ import annotations

from branchwise.agents.verifiers.conversation import conversation, opinion
from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.models.protocol import OutputFormat, Sampler, SampleRequest
from branchwise.store.errors import ModelError
from branchwise.tasks.task import Task


def reward(score: Sampler, task: Task, *, threshold: int = 95) -> Verifier:
    """Make the reward verifier; a process-reward model judges beginnings as well.

    Args:
        score: The reward model's scorer.
        task: The domain, whose instructions open the conversation that is scored.
        threshold: The lowest accepted score, from -100 to 100.
    """

    async def reward_node(state: VerifierState) -> VerifierUpdate:
        request = SampleRequest(
            messages=conversation(task, state), temperature=0.0, output_format=OutputFormat(max_tokens=1)
        )
        said = (await score(f"{state['path']}/score", request)).samples[0].text
        try:
            value = float(said)
        except ValueError:
            raise ModelError(f"The scorer gave no number but {said[:80]!r}.") from None
        return {"verdict": opinion("reward", value, state, threshold)}

    return reward_node
