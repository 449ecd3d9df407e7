"""Replay: run a strategy on recorded samples, at no model cost, as the live loop would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from branchwise.evals.log import RecordedSample
from branchwise.graphs.strategies.protocol import Aggregator, Strategy
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Node, NodeId, VerifiedBy, child_id
from branchwise.store.tree import Tree

_MOST_ROUNDS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """The part of a sample that the replayed verifier shows; never whether the sample is right."""

    score: str | None = None
    """Which of the recorded scores is the verifier's; None for no verifier."""
    verified_by: VerifiedBy = VerifiedBy.NONE
    calibrate: Callable[[float], float] | None = None
    """Score -> P(correct), fitted on other instances."""
    step: str | None = None
    """Which of the recorded steps' scores the step verifier shows; None for none."""
    accept: float | None = None
    """Scores from here on are accepted, after calibration; None keeps what was recorded."""

    def __call__(self, sample: RecordedSample) -> tuple[float | None, bool]:
        """The unit reward, or None, and whether the sample is accepted."""
        score = sample.scores.get(self.score) if self.score is not None else None
        if score is not None and self.calibrate is not None:
            score = self.calibrate(score)
        if self.accept is None:
            return score, sample.accepted
        return score, score is not None and score >= self.accept


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """The outcome of one replayed search."""

    correct: bool | None
    """Outcome of the chosen answer; None where none was chosen."""
    accepted: bool
    confidence: float | None
    """What the aggregation stated; not calibrated."""
    score: float | None
    """The verifier's score of the chosen solution, as it was shown."""
    samples: int
    tokens: int
    """Completion tokens of all samples drawn."""
    prompt_tokens: int
    rounds: int
    """How often the search had to wait for samples."""
    dry: int = 0
    """Draws that found nothing recorded."""


def halves(pool: Sequence[RecordedSample], *, seed: int) -> tuple[list[RecordedSample], list[RecordedSample]]:
    """Split an instance's pool at random into two halves that share no sample, each in its order of drawing.

    Samples that revise another go with the one they revise.
    """
    first = [sample for sample in pool if sample.after is None]
    Random(f"{seed}/{pool[0].instance if pool else ''}").shuffle(first)  # noqa: S311 - a shuffle, not a secret
    middle = len(first) // 2
    return _with_revisions(first[:middle], pool), _with_revisions(first[middle : 2 * middle], pool)


def replay(
    draws: Sequence[RecordedSample],
    strategy: Strategy,
    aggregate: Aggregator,
    *,
    limit: int,
    judge: Judge,
    seed: int = 0,
    deal: Callable[[Sequence[RecordedSample], Judge], Deck] | None = None,
) -> Played:
    """Play one search: what is allocated under the root draws whole solutions, without replacement.

    Asking under a solution draws its recorded revision; where there is none, that branch fails at no cost.
    The loop ends when the strategy asks for nothing, a solution is accepted, or `limit` samples are drawn.

    Args:
        draws: One instance's samples in order of drawing.
        strategy: The strategy, with its knobs set.
        aggregate: Chooses among the solutions.
        limit: Most samples.
        judge: What the verifier shows.
        seed: Handed to the strategy.
        deal: Makes the deck to draw from; one of whole solutions where None.

    Raises:
        BadInput: `limit` is above the number of samples, or the strategy asks for steps, which a log of whole
            solutions cannot give.
    """
    deck = (deal or Deck)(draws, judge)
    if limit > deck.size:
        raise BadInput(f"A search of {limit} samples cannot be replayed on {deck.size} recorded ones.")
    left, rounds = limit, 0
    while left > 0 and rounds < _MOST_ROUNDS and not any(node.accepted for node in deck.tree.complete):
        allocation = strategy(deck.tree, left, seed=seed)
        if not allocation:
            break
        rounds += 1
        for parent, count in allocation.items():
            deck.draw(parent, min(count, left), rounds)
            left -= min(count, left)
    return deck.played(aggregate, rounds)


def probe(draws: Sequence[RecordedSample], judge: Judge, count: int) -> tuple[Node, ...]:
    """The first `count` samples as a live run would hold its probes."""
    deck = Deck(draws, judge)
    deck.draw(ROOT, count, 1)
    return deck.tree.complete


@dataclass
class Deck:
    """A pool of recorded solutions, drawn without replacement."""

    draws: Sequence[RecordedSample]
    judge: Judge
    waiting: list[RecordedSample] = field(init=False)
    drawn: dict[NodeId, RecordedSample] = field(init=False, default_factory=dict)
    said: dict[str, NodeId] = field(init=False, default_factory=dict)
    tree: Tree = field(init=False, default_factory=Tree)
    dry: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.waiting = [sample for sample in self.draws if sample.after is None]
        self.waiting.reverse()

    @property
    def size(self) -> int:
        """How many samples a search may draw."""
        return len(self.waiting)

    @property
    def tokens(self) -> int:
        """Completion tokens of all that was drawn."""
        return sum(sample.tokens for sample in self.drawn.values())

    @property
    def prompt_tokens(self) -> int:
        """Prompt tokens of all that was drawn."""
        return sum(sample.prompt_tokens for sample in self.drawn.values())

    def draw(self, parent: NodeId, count: int, round_: int) -> None:
        """Put `count` samples under `parent`."""
        begin = len(self.tree.children(parent))
        self.tree = self.tree.grow(
            [self._node(parent, begin + i, self._next(parent, i), round_) for i in range(count)]
        )

    def _next(self, parent: NodeId, place: int) -> RecordedSample | None:
        if parent == ROOT:
            return self.waiting.pop() if self.waiting else None
        if parent not in self.drawn:
            raise BadInput("A log of whole solutions cannot be replayed by a strategy that asks for steps.")
        origin = self.drawn[parent]
        taken = {sample.index for sample in self.drawn.values()}
        revisions = [s for s in self.draws if s.after == origin.index and s.index not in taken]
        return revisions[0] if revisions and place == 0 else None

    def _node(self, parent: NodeId, ordinal: int, sample: RecordedSample | None, round_: int) -> Node:
        name, depth = child_id(parent, ordinal), self.tree[parent].depth + 1
        if sample is None:
            self.dry += 1
            return Node(id=name, parent=parent, depth=depth, round=round_, failed="nothing was recorded here")
        self.drawn[name] = sample
        score, accepted = self.judge(sample)
        text = sample.text or f"{sample.arm}/{sample.index}"
        twin = self.said.setdefault(text, name)
        return Node(
            id=name,
            parent=parent,
            depth=depth,
            round=round_,
            text=text,
            complete=True,
            answer=sample.answer,
            score=score,
            verified_by=self.judge.verified_by,
            accepted=accepted,
            logprob=sample.logprob,
            tokens=sample.tokens,
            duplicate_of=None if twin == name else twin,
        )

    def played(self, aggregate: Aggregator, rounds: int) -> Played:
        """Select the answer and sum the cost."""
        choice = aggregate(self.tree.complete)
        chosen = self.drawn[choice.node.id] if choice is not None else None
        return Played(
            correct=chosen.correct if chosen is not None else None,
            accepted=choice is not None and choice.node.accepted,
            confidence=choice.confidence if choice is not None else None,
            score=choice.node.score if choice is not None else None,
            samples=len(self.drawn),
            tokens=self.tokens,
            prompt_tokens=self.prompt_tokens,
            rounds=rounds,
            dry=self.dry,
        )


def _with_revisions(first: list[RecordedSample], pool: Sequence[RecordedSample]) -> list[RecordedSample]:
    """Append the revisions of `first`, of any length."""
    kept = {sample.index for sample in first}
    revisions = []
    for sample in sorted((s for s in pool if s.after is not None), key=lambda s: s.index):
        if sample.after in kept:
            kept.add(sample.index)
            revisions.append(sample)
    return first + revisions
