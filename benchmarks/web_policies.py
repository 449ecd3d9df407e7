"""Policies measured in pages: a uniform draw, words compared, and the embedded model held to the page's actions."""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from branchwise.models.protocol import Capabilities, Message, Model, Reply, Sample, SampleRequest
from branchwise.store.records import Usage

NAMES = ("uniform", "lexical", "embedded")
_SHARPNESS = 4.0
_AGAIN = 0.1


@dataclass(kw_only=True)
class Policy:
    """A model that picks one of the offered actions; the same page and seed give the same draw.

    Uniform: each action is as likely as another. Lexical: an action weighs exp(4 s), s being the share of its quoted
    words that the goal says too, and a tenth of that when the branch has done it already. Embedded: `draws` picks
    of the model for each distinct page, kept, so that every method draws from the same distribution.

    Asked for a judgement (lexical only), it calls the share of the goal's words that the path has said "on track".
    """

    kind: str
    seed: str
    inner: Model | None = None
    draws: int = 6
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(choices=True, many=True, seed=True)
    )
    known: dict[str, Sequence[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its kind."""
        return f"policy:{self.kind}"

    async def sample(self, request: SampleRequest) -> Reply:
        """Draw from the page's distribution, or judge it."""
        if not request.output_format.choices:
            texts = _judged(request)
        else:
            # Scrolling shows an agent nothing new here: the whole page is in its text.
            options = [c for c in request.output_format.choices if not c.startswith("scroll")] or list(
                request.output_format.choices
            )
            weights = [1.0] * len(options)
            if self.kind == "embedded":
                options = list(await self._picked(request, options))
                weights = [1.0] * len(options)
            elif self.kind == "lexical":
                weights = _weights(request, options)
            asked = f"{self.seed} {request.seed} {request.messages[0].content}"
            chance = random.Random(hashlib.sha256(asked.encode()).digest())
            texts = chance.choices(options, weights, k=request.n)
        return Reply(samples=tuple(Sample(text=one, tokens=1) for one in texts), usage=Usage(calls=1))

    async def _picked(self, request: SampleRequest, options: Sequence[str]) -> Sequence[str]:
        page = request.messages[0].content
        if page not in self.known:
            assert self.inner is not None
            output_format = replace(request.output_format, choices=tuple(options))
            draw = replace(
                request,
                messages=(Message(role="user", content=page),),
                n=self.draws,
                output_format=output_format,
                seed=0,
            )
            reply = await self.inner.sample(draw)
            self.known[page] = [one.text for one in reply.samples if one.error is None] or options
        return self.known[page]

    async def aclose(self) -> None:
        """Leave the inner model to whoever opened it."""


def _parts(request: SampleRequest) -> tuple[set[str], list[str]]:
    asked = request.messages[0].content
    goal = asked.rpartition("Goal: ")[2].partition("\n")[0]
    done = asked.rpartition("Actions so far:\n")[2].partition("\n\n")[0].splitlines()
    return words(goal), done


def words(text: str) -> set[str]:
    """The words of a text, folded."""
    return set(re.findall(r"\w+", text.casefold()))


def _weights(request: SampleRequest, options: Sequence[str]) -> list[float]:
    goal, done = _parts(request)
    weights = []
    for option in options:
        said = words(option.partition('"')[2])
        share = len(said & goal) / len(said) if said else 0.0
        weights.append(math.exp(_SHARPNESS * share) * (_AGAIN if option in done else 1.0))
    return weights


def _judged(request: SampleRequest) -> list[str]:
    goal, done = _parts(request)
    said = {word for action in done for word in words(action.partition('"')[2])}
    on_track = round(request.n * len(goal & said) / len(goal)) if goal else 0
    return [
        f"Words.\nStatus: failure\nOn the right track to success: {'yes' if i < on_track else 'no'}"
        for i in range(request.n)
    ]
