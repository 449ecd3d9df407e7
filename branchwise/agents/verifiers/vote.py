"""The vote verifier: a candidate's score is its share of ballots in a round (Tree of Thoughts, section 3)."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Mapping

from branchwise.agents.asking import bullets
from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.models.protocol import Message, OutputFormat, Sampler, SampleRequest
from branchwise.store.records import Verdict, VerifiedBy
from branchwise.tasks.task import Task

_BEST = re.compile(r"^[^\w\n]*Best[^\w\n]*([0-9]{1,4})[^\w\n]*$", re.MULTILINE | re.IGNORECASE)


def vote(sample: Sampler, task: Task, prompts: Prompts | None = None, *, judgements: int = 1) -> Verifier:
    """Make the voting verifier.

    All candidates of a round are put into one prompt, and each of several answers names the best. A share
    ranks candidates and does not measure correctness, and shares of different rounds are not comparable: a
    whole solution is never accepted by them, and strategies that compare across layers need values. The
    script of the paper read only the last digit of a number; here numbers are read whole, and an unreadable
    ballot counts for no candidate. Without a readable ballot there is no score.

    Source: arXiv 2305.10601, section 3 (state evaluator, vote).

    Args:
        sample: The model's Sampler.
        task: The domain, for prompt overrides.
        prompts: Where the prompt "verifiers/vote" is looked up.
        judgements: A fifth of the number of ballots; the paper uses 5.
    """
    template = (prompts or Prompts()).load("verifiers/vote", task.name)
    ballots = 5 * judgements
    polls: dict[str, asyncio.Task[Mapping[int, int]]] = {}

    async def poll(state: VerifierState, rivals: tuple[str, ...], key: str) -> Mapping[int, int]:
        named = "\n\n".join(f"Candidate {i}:\n{text}" for i, text in enumerate(rivals, start=1))
        asked = fill(
            template,
            what="plan" if state["complete"] else "intermediate step",
            problem=state["problem"],
            constraints=bullets(state["constraints"]),
            candidates=named,
        )
        request = SampleRequest(
            messages=(Message(role="user", content=asked),),
            n=ballots,
            temperature=0.7,
            output_format=OutputFormat(
                max_tokens=300, regex=_held(len(rivals)) if sample.capabilities.regex else None
            ),
        )
        reply = await sample(key, request)
        read = (_BEST.findall(one.text) for one in reply.samples)
        return Counter(int(found[-1]) for found in read if found and 1 <= int(found[-1]) <= len(rivals))

    async def vote_node(state: VerifierState) -> VerifierUpdate:
        rivals = tuple(sorted(state.get("rivals") or (state["plan"],)))
        round_ = state["path"].rpartition("/")[0]
        among = hashlib.blake2b(
            "\0".join(rivals).encode("utf-8", "surrogatepass"), digest_size=12
        ).hexdigest()
        key = f"{round_}/{among}/vote"
        if key not in polls:
            polls[key] = asyncio.create_task(poll(state, rivals, key))
        # The poll is shared: cancelling one candidate does not cancel it.
        counted = await asyncio.shield(polls[key])
        cast, mine = sum(counted.values()), counted.get(rivals.index(state["plan"]) + 1, 0)
        verdict = Verdict(
            score=200 * mine / cast - 100 if cast else None,
            accepted=not state["complete"],
            feedback=f"{mine} of {cast} ballots name it the best of {len(rivals)}.",
            verified_by=VerifiedBy.MODEL if cast else VerifiedBy.NONE,
            verifier="vote",
        )
        return {"verdict": verdict}

    return vote_node


def _held(count: int) -> str:
    """The form of a ballot, if the engine can constrain decoding to a regular expression."""
    return f"[^\\n]{{1,400}}\\nBest: ({'|'.join(map(str, range(1, count + 1)))})"
