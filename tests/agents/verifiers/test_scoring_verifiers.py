"""Verifiers that score: what they ask, and what they make of the answer."""

from __future__ import annotations

import math

import pytest

from branchwise.agents.verifiers.pass_share import pass_share
from branchwise.agents.verifiers.protocol import VerifierState
from branchwise.agents.verifiers.reward import reward
from branchwise.agents.verifiers.yes_no import yes_no
from branchwise.models.protocol import Capabilities, Reply, Sample, SampleRequest
from branchwise.store.errors import ModelError
from branchwise.store.records import Constraints, Usage, VerifiedBy
from branchwise.tasks.task import Task

TASK = Task(name="text", about="", instructions="Solve: {problem}\n{constraints}")


class Heard:
    """A sampler that says one thing and remembers what it was asked."""

    capabilities = Capabilities()

    def __init__(self, text: str, **choices: float) -> None:
        likely = {word: math.log(p) for word, p in choices.items()}
        self.sample = Sample(text=text, tokens=1, choices=likely)
        self.asked: list[SampleRequest] = []

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        self.asked.append(request)
        return Reply(samples=(self.sample,), usage=Usage())


def state(*, complete: bool) -> VerifierState:
    return {
        "problem": "2 + 2",
        "path": "r1/x",
        "constraints": Constraints(items=("a number",)),
        "plan": "It is 4.",
        "complete": complete,
    }


async def test_yes_is_weighed_against_no() -> None:
    heard = Heard("Yes", Yes=0.4, No=0.1)
    verdict = (await yes_no(heard, TASK)(state(complete=True)))["verdict"]
    assert verdict.reward == pytest.approx(0.8)
    assert not verdict.accepted
    assert verdict.verified_by is VerifiedBy.MODEL
    [asked] = heard.asked
    # The conversation is the generator's own, so that the engine has its tokens already.
    assert [m.content for m in asked.messages[:2]] == ["Solve: 2 + 2\n- a number", "It is 4."]
    assert asked.output_format.max_tokens == 1
    assert asked.logprobs


async def test_a_sure_yes_is_accepted_and_no_word_is_no_score() -> None:
    sure = (await yes_no(Heard("Yes", Yes=0.9), TASK)(state(complete=True)))["verdict"]
    assert (sure.reward, sure.accepted) == (1.0, True)
    never = (await yes_no(Heard("No", No=0.2), TASK)(state(complete=True)))["verdict"]
    assert (never.reward, never.accepted) == (0.0, False)
    mute = (await yes_no(Heard("Yes"), TASK)(state(complete=True)))["verdict"]
    assert (mute.score, mute.accepted) == (None, False)


async def test_a_beginning_is_scored_and_never_refused() -> None:
    verdict = (await reward(Heard("0.25"), TASK)(state(complete=False)))["verdict"]
    assert (verdict.reward, verdict.accepted) == (0.25, True)
    whole = (await reward(Heard("0.25"), TASK)(state(complete=True)))["verdict"]
    assert not whole.accepted


async def test_what_is_no_number_is_a_failed_judgement() -> None:
    with pytest.raises(ModelError, match="no number"):
        await reward(Heard("fine"), TASK)(state(complete=True))


class Polls:
    """A sampler that gives the ballots of one poll after the other."""

    capabilities = Capabilities()

    def __init__(self, *polls: str) -> None:
        self.polls, self.keys = list(polls), list[str]()

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        self.keys.append(key)
        words = {"p": "Fine.\nVerdict: pass", "f": "Too long.\n**Verdict: fail**", "?": "Who knows?"}
        ballots = [words[one] for one in self.polls[len(self.keys) - 1]]
        assert request.n == len(ballots) == 5
        return Reply(samples=tuple(Sample(text=text, tokens=1) for text in ballots), usage=Usage())


@pytest.mark.parametrize(
    ("polls", "share", "feedback", "asked"),
    [
        (["pppff"], 0.6, "Fine.", 1),
        (["pfffp"], 0.4, "Too long.", 1),
        (["ppppp"], 1.0, "Fine.", 1),
        (["p?f?p"], 2 / 3, "Fine.", 1),
        (["pp?ff", "pffff"], 0.2, "Too long.", 2),  # a tie is polled again
        (["pp?ff", "pf???", "ppff?"], 0.5, "Fine.", 3),
        (["?????", "?????", "?????"], None, "", 3),
    ],
)
async def test_five_votes_and_ties_are_polled_again(
    polls: list[str], share: float | None, feedback: str, asked: int
) -> None:
    heard = Polls(*polls)
    verdict = (await pass_share(heard, TASK)(state(complete=True)))["verdict"]
    assert verdict.reward == (None if share is None else pytest.approx(share))
    assert verdict.feedback == feedback
    assert verdict.accepted == (share == 1.0)
    assert len(set(heard.keys)) == asked, "each poll has a key of its own"
