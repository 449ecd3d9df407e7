"""The chance verifier: random verdicts, a control for a model's judgement and feedback."""

from __future__ import annotations

from random import Random

from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.store.records import Verdict, VerifiedBy


def chance(*, threshold: int = 95) -> Verifier:
    """Make a verifier whose score is a uniform draw and whose feedback names a requirement drawn at random.

    Equal plans get equal verdicts. Useful self-critique does better than this at equal calls
    (after Stechly et al., arXiv 2310.12397).

    Args:
        threshold: The lowest accepted score, as with `llm`.
    """

    async def chance_node(state: VerifierState) -> VerifierUpdate:
        draw = Random(f"{state['problem']}\n{state['plan']}")  # noqa: S311 - a control, not a secret
        score = float(draw.randint(-100, 100))
        items = state["constraints"].items
        feedback = f"This is not met: {draw.choice(items)}" if items else "A requirement is not met."
        accepted = score >= threshold or not state["complete"]
        verdict = Verdict(
            score=score,
            accepted=accepted,
            feedback=feedback,
            verified_by=VerifiedBy.NONE,
            verifier="chance",
        )
        return {"verdict": verdict}

    return chance_node
