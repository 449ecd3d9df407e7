"""Shared parts of the verifiers `reward` and `yes_no`: the conversation they judge, and the verdict."""

from __future__ import annotations

from branchwise.agents.asking import messages, question
from branchwise.agents.verifiers.protocol import VerifierState
from branchwise.models.protocol import Message
from branchwise.store.records import Verdict, VerifiedBy
from branchwise.tasks.task import Task


def conversation(task: Task, state: VerifierState) -> tuple[Message, ...]:
    """The generator's messages with the plan as the reply: the same tokens, so that the prefix cache applies."""
    asked = question(task, state["problem"], state["constraints"])
    return *messages(task, asked), Message(role="assistant", content=state["plan"])


def opinion(
    verifier: str, reward: float | None, state: VerifierState, threshold: int, feedback: str = ""
) -> Verdict:
    """A model's verdict from a reward in [0, 1]; a beginning is never refuted by it."""
    score = None if reward is None else 200 * reward - 100
    accepted = not state["complete"] or (score is not None and score >= threshold)
    return Verdict(
        score=score, accepted=accepted, feedback=feedback, verified_by=VerifiedBy.MODEL, verifier=verifier
    )
