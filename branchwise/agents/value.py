"""The value agent: mean of sampled opinions on whether a page leads to the goal (arXiv 2407.01476, section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from branchwise.agents.actor import fenced, shown
from branchwise.agents.generator import derived_seed
from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.protocol import Agent
from branchwise.environments.protocol import Observation
from branchwise.models.protocol import OutputFormat, Sample, Sampler, SampleRequest
from branchwise.renamed import new_names

_STATUS = re.compile(r'^[^\w\n]*Status: *"?(success|failure)"?[^\w\n]*$', re.IGNORECASE | re.MULTILINE)
_TRACK = re.compile(
    r'^[^\w\n]*On the right track to success: *"?(yes|no)"?[^\w\n]*$', re.IGNORECASE | re.MULTILINE
)
_FORM = r"[^\n]{1,300}\nStatus: (success|failure)\nOn the right track to success: (yes|no)"


class ValueState(TypedDict):
    """State that the value agent reads."""

    goal: str
    path: str
    """Logical path of this piece of work within the run; the beginning of its ledger key."""
    observation: Observation
    history: Sequence[str]
    """The actions of this branch, from the start; with `stop` and its answer if the branch ended with it."""
    picture: NotRequired[str | None]
    """The file of the page's screenshot, if the model is shown screenshots."""


class ValueUpdate(TypedDict):
    """State update of the value agent."""

    value: float | None
    """Mean of the votes in [0, 1]; None if every sample failed, which is no evidence about the page."""
    votes: tuple[float, ...]
    """1 for success, 0.5 for on the right track, 0 for neither or for an unreadable reply."""


@new_names(judgements="samples")
def value(
    sample: Sampler,
    prompts: Prompts | None = None,
    *,
    samples: int = 20,
    temperature: float = 1.0,
    seed: int = 0,
) -> Agent[ValueState, ValueUpdate]:
    """Make the value agent.

    Args:
        sample: The model's Sampler.
        prompts: Where the prompt "value" is looked up.
        samples: Opinions sampled for one page and averaged; the paper uses 20.
        temperature: Sampling temperature; the paper uses 1.0.
        seed: The run's seed; each call derives its own from it and its path.
    """
    template = (prompts or Prompts()).load("value", "web")

    async def value_node(state: ValueState) -> ValueUpdate:
        seen = state["observation"]
        asked = fill(
            template,
            goal=state["goal"],
            url=seen.url,
            page=fenced(seen.text),
            history="\n".join(state["history"]) or "none",
        )
        key = f"{state['path']}/value"
        request = SampleRequest(
            messages=(shown(asked, state.get("picture")),),
            n=samples,
            temperature=temperature,
            output_format=OutputFormat(max_tokens=256, regex=_FORM if sample.capabilities.regex else None),
            seed=derived_seed(seed, key),
        )
        votes = tuple(_vote(one) for one in (await sample(key, request)).samples if one.error is None)
        return {"value": sum(votes) / len(votes) if votes else None, "votes": votes}

    return value_node


def _vote(one: Sample) -> float:
    status, track = _STATUS.findall(one.text), _TRACK.findall(one.text)
    # A contradictory reply counts as unreadable.
    if len({said.lower() for said in status}) != 1 or len({said.lower() for said in track}) > 1:
        return 0.0
    if status[0].lower() == "success":
        return 1.0
    return 0.5 if track and track[0].lower() == "yes" else 0.0
