"""The pass-share verifier: share of five votes that all constraints are met (SPaR, arXiv 2412.11605, section 2.3)."""

from __future__ import annotations

import re

from branchwise.agents.asking import bullets
from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.verifiers.conversation import opinion
from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.models.protocol import Message, OutputFormat, Sampler, SampleRequest
from branchwise.tasks.task import Task

_VERDICT = re.compile(r"^[^\w\n]*Verdict[^\w\n]*(pass|fail)[^\w\n]*$", re.MULTILINE | re.IGNORECASE)
_HELD = r"[^\n]{1,400}\nVerdict: (pass|fail)"
"""The reply's form, if the engine can constrain decoding to a regular expression."""
POLLS = 3
"""Most polls of one judgement."""
_BALLOTS = 5


def pass_share(
    sample: Sampler,
    task: Task,
    prompts: Prompts | None = None,
    *,
    threshold: int = 95,
    judgements: int = 1,
) -> Verifier:
    """Make the pass-share verifier.

    Its reward is the share of readable votes that say "pass"; SPaR's gate of 0.5 is the strategy's
    (`refinement_tree:gate`). A tie, which unreadable votes make possible, or a poll without a readable vote is polled
    again; there are at most three polls. The feedback is the first vote of the majority. Without a readable vote in the
    last poll there is no score.

    Args:
        sample: The model's Sampler.
        task: The domain, for prompt overrides.
        prompts: Where the prompt "verifiers/pass_share" is looked up.
        threshold: The lowest accepted score, from -100 to 100; 95 accepts only what all votes pass.
        judgements: A fifth of the number of votes; the paper uses 5, at temperature 0.7.
    """
    template = (prompts or Prompts()).load("verifiers/pass_share", task.name)

    async def pass_share_node(state: VerifierState) -> VerifierUpdate:
        asked = fill(
            template,
            what="solution" if state["complete"] else "beginning of a solution",
            problem=state["problem"],
            constraints=bullets(state["constraints"]),
            plan=state["plan"],
        )
        request = SampleRequest(
            messages=(Message(role="user", content=asked),),
            n=_BALLOTS * judgements,
            temperature=0.7,
            output_format=OutputFormat(max_tokens=300, regex=_HELD if sample.capabilities.regex else None),
        )
        votes: list[tuple[bool, str]] = []
        for poll in range(POLLS):
            key = f"{state['path']}/verify"
            reply = await sample(f"{key}/again{poll}" if poll else key, request)
            votes = [vote for one in reply.samples if (vote := _read(one.text)) is not None]
            passed = sum(good for good, _ in votes)
            if 2 * passed != len(votes):
                break
        share, critique = _counted(votes)
        return {"verdict": opinion("pass_share", share, state, threshold, critique)}

    return pass_share_node


def _counted(votes: list[tuple[bool, str]]) -> tuple[float | None, str]:
    """The share of votes that pass, and the critique of the first vote of the majority."""
    if not votes:
        return None, ""
    share = sum(good for good, _ in votes) / len(votes)
    return share, next(critique for good, critique in votes if good == (share >= 0.5))


def _read(text: str) -> tuple[bool, str] | None:
    found = list(_VERDICT.finditer(text))
    if not found:
        return None
    return found[-1][1].lower() == "pass", text[: found[-1].start()].strip()
