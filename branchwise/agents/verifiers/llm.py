"""The verification agent: a model's opinion of a plan (PlanGEN, arXiv 2502.16111, section 2.1.2)."""

from __future__ import annotations

import re

from branchwise.agents.asking import bullets
from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.models.protocol import Message, OutputFormat, Sampler, SampleRequest
from branchwise.store.records import Verdict, VerifiedBy
from branchwise.tasks.task import Task

_SCORE = re.compile(
    r"^[ \t]*+\**+Score\**+[ \t]*+:\**+[ \t]*+([+-]?[0-9]{1,3})[ \t]*+\**+[ \t]*+\.?[ \t]*+$",
    re.MULTILINE | re.IGNORECASE,
)
_HELD = r"[^\n]{1,400}\nScore: (-?[0-9]{1,2}|-?100)"
"""The reply's form, if the engine can constrain decoding to a regular expression."""


def llm(
    sample: Sampler,
    task: Task,
    prompts: Prompts | None = None,
    *,
    threshold: int = 95,
    judgements: int = 1,
) -> Verifier:
    """Make the LLM verifier.

    Args:
        sample: The model's Sampler.
        task: The domain, for prompt overrides.
        prompts: Where the prompt "verifiers/llm" is looked up.
        threshold: The lowest accepted score; PlanGEN's example is 95. On the paper's own data a score of
            95 was right 41 % of the time (figure 7), so acceptance is evidence, never proof.
        judgements: Opinions whose readable scores are averaged; several are sampled at temperature 0.7, as Tree of
            Thoughts values a state three times (arXiv 2305.10601, section 4.1). The feedback is the first one's.
    """
    template = (prompts or Prompts()).load("verifiers/llm", task.name)

    async def llm_node(state: VerifierState) -> VerifierUpdate:
        asked = fill(
            template,
            what="Plan" if state["complete"] else "Intermediate step",
            problem=state["problem"],
            constraints=bullets(state["constraints"]),
            plan=state["plan"],
        )
        request = SampleRequest(
            messages=(Message(role="user", content=asked),),
            n=judgements,
            temperature=0.0 if judgements == 1 else 0.7,
            output_format=OutputFormat(max_tokens=300, regex=_HELD if sample.capabilities.regex else None),
        )
        reply = await sample(f"{state['path']}/verify", request)
        read = [_read(one.text) for one in reply.samples]
        scores, feedback = [score for score, _ in read if score is not None], read[0][1]
        score = sum(scores) / len(scores) if scores else None
        accepted = score is not None and (score >= threshold or not state["complete"])
        verdict = Verdict(
            score=score, accepted=accepted, feedback=feedback, verified_by=VerifiedBy.MODEL, verifier="llm"
        )
        return {"verdict": verdict}

    return llm_node


def _read(text: str) -> tuple[float | None, str]:
    found = list(_SCORE.finditer(text))
    if not found or not -100 <= int(found[-1][1]) <= 100:
        return None, text.strip()
    return float(found[-1][1]), text[: found[-1].start()].strip()
